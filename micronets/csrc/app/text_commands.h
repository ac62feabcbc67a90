/* The protocol of MLPerf Tiny's runner: commands of at most 80 characters, words separated by blanks, ended by `%`;
 * messages ended by CR LF, the last one of every answer `m-ready`. Whatever comes while `infer` or `db print` is carried out,
 * a `%` best, stops it, after the inference at hand. */
#ifndef TEXT_COMMANDS_H
#define TEXT_COMMANDS_H

#include <stdint.h>

/* The messages of a start. */
void greet(void);

/* The next byte received, or -1; first the one that has stopped a command. */
int32_t receive_byte(void);

/* Takes the next byte received; carries out the command that it ends. */
void receive_text(uint8_t byte);

#endif
