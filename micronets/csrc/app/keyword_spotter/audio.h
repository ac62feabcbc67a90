/* Where the keyword spotter's audio comes from. */
#ifndef AUDIO_H
#define AUDIO_H

#include <stddef.h>
#include <stdint.h>

/* Waits for the next `count` samples of one channel, at the rate that the features were made for, and stores them.
 * Returns `count`, or less where the audio has come to its end.
 *
 * Every program defines it weakly: on the emulator from a file, on a board from the serial port. A board with a
 * microphone defines its own (docs/keyword_spotter.md). */
size_t mn_audio_read(int16_t *samples, size_t count);

#endif
