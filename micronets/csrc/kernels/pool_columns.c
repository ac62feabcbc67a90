/* SPDX-License-Identifier: Apache-2.0 */
#include "pool_columns.h"

void mn_find_column_factors(int32_t *factors, int32_t columns, int32_t rows)
{
    for (int32_t i = columns; i > 0 && rows * i >= MN_LEAST_MULTIPLIED; i--)
    {
        factors[i] = mn_mean_factor(rows * i);
    }
}
