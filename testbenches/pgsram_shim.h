/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * C interface to one verilated power-gated memory. A shared library built from pgsram_shim.cpp and the model exports the one
 * symbol `pgsram_shim_table`, a function that returns the table below. Rust bindings: src/cosim/bindings.rs, made by bindgen.
 *
 * A call returns 0 when it succeeded. Anything else means that the model stopped ($fatal, $stop, $finish, a failed check) or
 * that a file could not be written: `message` says why, and the model must only be destroyed afterwards.
 * A model belongs to one thread at a time; different models are independent.
 */
#ifndef PGSRAM_SHIM_H_
#define PGSRAM_SHIM_H_

#include <stdint.h>

/* Changes whenever a declaration in this file does. */
#define PGSRAM_SHIM_ABI 1

/* Values of pgsram_port.direction. */
#define PGSRAM_INPUT 0
#define PGSRAM_OUTPUT 1

#ifdef __cplusplus
extern "C" {
#endif

/* One instance of the memory. */
typedef struct pgsram_model pgsram_model;

/* One port of the top module. */
typedef struct pgsram_port {
    /* Name in the Verilog, such as `req_i`. */
    const char *name;
    /* PGSRAM_INPUT or PGSRAM_OUTPUT. */
    uint32_t direction;
    /* Bits. */
    uint32_t width;
    /* Bytes that `data` points to: at least width / 8, rounded up to 1, 2, 4, 8 or a multiple of 4. */
    uint32_t bytes;
    /* The value, little-endian, read and written in place; bits above `width` are 0. Valid as long as the model. */
    uint8_t *data;
} pgsram_port;

/* What the library can do. */
typedef struct pgsram_shim {
    /* PGSRAM_SHIM_ABI of the header it was compiled with. */
    uint32_t abi;
    /* 1 if waveforms can be written. */
    uint32_t can_trace;
    /* A new instance with all inputs 0, or null. */
    pgsram_model *(*create)(void);
    /* Ends an instance; closes its waveform. */
    void (*destroy)(pgsram_model *model);
    /* Number of ports. */
    uint32_t (*port_count)(const pgsram_model *model);
    /* The ports, `port_count` of them. */
    const pgsram_port *(*ports)(const pgsram_model *model);
    /* Why the last call failed; empty if it did not. */
    const char *(*message)(const pgsram_model *model);
    /* First half of a cycle: clock low, inputs settle through combinational paths. */
    int (*low)(pgsram_model *model);
    /* Second half: rising edge of the clock. */
    int (*high)(pgsram_model *model);
    /* `cycles` whole cycles with all other inputs held and the time base counting up by one a cycle. */
    int (*run)(pgsram_model *model, uint64_t cycles);
    /* Opens a VCD file for the scope, `depth` levels of it (0: all). Once a model. */
    int (*trace_open)(pgsram_model *model, const char *file, const char *scope, uint32_t depth);
    /* Writes what changed since the last call; `time` must increase from call to call. */
    int (*trace_dump)(pgsram_model *model, uint64_t time);
    /* Bytes written to the file so far, less what is still buffered. */
    uint64_t (*trace_bytes)(const pgsram_model *model);
    /* Completes and closes the file. */
    int (*trace_close)(pgsram_model *model);
} pgsram_shim;

/* Type of the exported symbol `pgsram_shim_table`. */
typedef const pgsram_shim *(*pgsram_shim_table_fn)(void);

#ifdef __cplusplus
}
#endif

#endif
