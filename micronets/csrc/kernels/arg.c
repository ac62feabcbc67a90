/* SPDX-License-Identifier: Apache-2.0 */
#include "arg.h"
#include "items.h"

/* `sign` 1 for the largest, -1 for the smallest */
MN_INLINE void find(const struct mn_arg *p, const int8_t *input, int8_t *output, int32_t sign)
{
    for (int32_t i = 0; i < p->outer; i++, input += p->count * p->inner)
    {
        for (int32_t j = 0; j < p->inner; j++)
        {
            int32_t best = sign * input[j], found = 0;
            for (int32_t k = 1; k < p->count; k++)
            {
                const int32_t value = sign * input[k * p->inner + j];
                if (value > best)
                {
                    best = value;
                    found = k;
                }
            }
            mn_set_int32(output, i * p->inner + j, found);
        }
    }
}

void mn_arg_max(const struct mn_arg *p, const int8_t *input, int8_t *output)
{
    find(p, input, output, 1);
}

void mn_arg_min(const struct mn_arg *p, const int8_t *input, int8_t *output)
{
    find(p, input, output, -1);
}
