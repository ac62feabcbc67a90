/* SPDX-License-Identifier: Apache-2.0 */
/* What runs seldom beside the loops over weights is compiled for size where weights have 4 bits to save flash. */
#ifndef MICRONETS_SMALL_H
#define MICRONETS_SMALL_H

#include "micronets_config.h"

#if MN_INT4_WEIGHTS && defined(__GNUC__) && !defined(__clang__)
#define MN_SMALL __attribute__((optimize("Os")))
#else
#define MN_SMALL
#endif

#endif
