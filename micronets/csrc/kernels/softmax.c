/* SPDX-License-Identifier: Apache-2.0 */
/* Softmax to int8 with output scale 1/256. */
#include "softmax_rows.h"

void mn_softmax(const struct mn_softmax *p, const int8_t *input, int8_t *output)
{
    mn_softmax_rows(p, input, output, 1);
}
