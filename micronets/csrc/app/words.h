/* The words of a command, and numbers in them. */
#ifndef WORDS_H
#define WORDS_H

#include <stdint.h>

enum
{
    WORDS = 4
};

int equal(const char *a, const char *b);

/* The value of a decimal number of at most nine digits, -1 for anything else. */
int32_t number(const char *word);

/* The value of a hexadecimal digit, -1 for anything else. */
int32_t hex_digit(char digit);

/* Cuts `text` at its blanks; returns the number of words, and in `words` the first of them, the rest 0. */
uint32_t split(char *text, char *words[WORDS]);

#endif
