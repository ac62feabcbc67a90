/* A range of addresses, [start, end). */
#ifndef RANGE_H
#define RANGE_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

struct range
{
    uint64_t start, end;
};

static bool within(struct range range, uint64_t address)
{
    return address >= range.start && address < range.end;
}

/* START:END, hexadecimal. */
static bool parse_range(const char *text, struct range *range)
{
    return sscanf(text, "%" SCNx64 ":%" SCNx64, &range->start, &range->end) == 2;
}

#endif
