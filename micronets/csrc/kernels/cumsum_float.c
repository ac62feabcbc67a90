/* SPDX-License-Identifier: Apache-2.0 */
/* Additions in the reference's order, each rounded to float32: there is nothing that a compiler could contract. */
#include "cumsum_float.h"
#include "micronets_arithmetic.h"

static float real_of(const struct mn_cumsum_float *p, int8_t value)
{
    union
    {
        int32_t bits;
        float real;
    } entry = {p->reals[value + 128]};
    return entry.real;
}

/* To the nearest int8, halves away from zero. */
static int8_t quantised(float sum, float scale, int32_t zero_point)
{
    const float steps = sum / scale;
    if (!(steps > -1024.0F && steps < 1024.0F))
    {
        return steps > 0.0F ? INT8_MAX : INT8_MIN;
    }
    const int32_t whole = (int32_t)steps;
    const float rest = steps - (float)whole;
    const int32_t nearest = whole + (rest >= 0.5F) - (rest <= -0.5F);
    return (int8_t)mn_clamp(nearest + zero_point, INT8_MIN, INT8_MAX);
}

static void sum_line(const struct mn_cumsum_float *p, const int8_t *input, int8_t *output, int32_t stride)
{
    float sum = 0.0F;
    for (int32_t i = 0; i < p->depth; i++)
    {
        const float before = sum;
        sum += real_of(p, input[i * stride]);
        output[i * stride] = quantised(p->exclusive ? before : sum, p->scale, p->zero_point);
    }
}

void mn_cumsum_float(const struct mn_cumsum_float *p, const int8_t *input, int8_t *output)
{
    const int32_t first = p->backwards ? (p->depth - 1) * p->inner : 0;
    const int32_t stride = p->backwards ? -p->inner : p->inner;
    for (int32_t i = 0; i < p->outer; i++)
    {
        for (int32_t j = 0; j < p->inner; j++)
        {
            const int32_t at = i * p->depth * p->inner + first + j;
            sum_line(p, input + at, output + at, stride);
        }
    }
}
