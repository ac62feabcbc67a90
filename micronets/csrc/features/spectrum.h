/* SPDX-License-Identifier: Apache-2.0 */
/* From hops of audio to the logarithms of mel energies. All sizes and tables come from the generated
 * mn_features_tables.h, so that the compiler knows them. */
#ifndef SPECTRUM_H
#define SPECTRUM_H

#include <stdint.h>

#include "mn_features_tables.h"

/* Room for a frame: its pairs of samples, their transform, its spectrum, the logarithms of its mel energies. */
extern int32_t mn_work[2 * MN_FFT_SIZE];

void mn_frame_reset(void);

/* The largest sample of a hop. */
int32_t mn_peak(const int16_t *samples);

/* Takes a hop and its peak. Returns by how many bits the frame that ends with it was shifted up, and leaves the frame,
 * windowed and through the first stage of the transform, in mn_work; -1 where there is no whole frame yet. */
int32_t mn_frame_push(const int16_t *samples, int32_t peak);

/* Finishes the transform: values 2 k and 2 k + 1 of mn_work become real and imaginary part of bin k of the real frame,
 * for those bins that the mel bands look at. */
void mn_finish_fft(void);

/* Leaves the binary logarithms of the mel energies of a spectrum that was shifted up by `up`, Q16, in the first values
 * of mn_work. Returns whether one of them is above the floor. */
int mn_log_mel_energies(int32_t up);

#endif
