#include "words.h"

int equal(const char *a, const char *b)
{
    while (*a && *a == *b)
    {
        a++;
        b++;
    }
    return *a == *b;
}

int32_t number(const char *word)
{
    int32_t value = 0;
    uint32_t digits = 0;
    for (; *word; word++)
    {
        if (*word < '0' || *word > '9' || ++digits > 9)
        {
            return -1;
        }
        value = value * 10 + (*word - '0');
    }
    return digits > 0 ? value : -1;
}

int32_t hex_digit(char digit)
{
    if (digit >= '0' && digit <= '9')
    {
        return digit - '0';
    }
    digit |= 0x20;
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

uint32_t split(char *text, char *words[WORDS])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < WORDS; i++)
    {
        words[i] = 0;
    }
    while (*text)
    {
        if (*text == ' ')
        {
            *text++ = 0;
            continue;
        }
        if (count < WORDS)
        {
            words[count] = text;
        }
        count++;
        while (*text && *text != ' ')
        {
            text++;
        }
    }
    return count;
}
