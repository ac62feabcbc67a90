/* SPDX-License-Identifier: Apache-2.0 */
/* Softmax of two classes: both outputs follow from how far the inputs are apart. */
#include "softmax_pair.h"

void mn_softmax_pair(const struct mn_softmax_pair *p, const int8_t *input, int8_t *output)
{
    const int32_t last = p->last;
    const uint16_t *const pairs = p->pairs;
    for (int32_t rows = p->rows; rows > 0; rows--, input += 2, output += 2)
    {
        const int32_t difference = input[0] - input[1], apart = difference < 0 ? -difference : difference;
        const uint32_t pair = pairs[apart < last ? apart : last], second_is_larger = difference < 0;
        output[second_is_larger] = (int8_t)(pair & 0xFFU);
        output[1 - second_is_larger] = (int8_t)(pair >> 8);
    }
}
