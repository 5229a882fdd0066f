/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Written by trapti from its register table: do not edit. Offsets in bytes; every register has 64 bits. */
#ifndef PGSRAM_REGISTERS_H
#define PGSRAM_REGISTERS_H

#include <stdint.h>

/* the letters PGSR (r) */
#define PGSRAM_IDENTITY_OFFSET 0x000u
#define PGSRAM_IDENTITY_RESET 0x50475352u

/* version of this register map (r) */
#define PGSRAM_VERSION_OFFSET 0x008u
#define PGSRAM_VERSION_RESET 0x1u

/* power domains (r) */
#define PGSRAM_DOMAINS_OFFSET 0x010u

/* request ports (r) */
#define PGSRAM_PORTS_OFFSET 0x018u

/* width of the time base and of the counters (r) */
#define PGSRAM_TIME_BITS_OFFSET 0x020u

/* time (r) */
#define PGSRAM_NOW_OFFSET 0x028u

/* 1: nothing happens while inputs hold, until the next event (r) */
#define PGSRAM_QUIESCENT_OFFSET 0x030u

/* the domain holds live data (rw) */
#define PGSRAM_LIVE_OFFSET 0x038u
#define PGSRAM_LIVE_RESET 0x0u

/* keep the domain ON (rw) */
#define PGSRAM_FORCE_ON_OFFSET 0x040u
#define PGSRAM_FORCE_ON_RESET 0x0u

/* keep the domain OFF, even if it is live (rw) */
#define PGSRAM_FORCE_OFF_OFFSET 0x048u
#define PGSRAM_FORCE_OFF_RESET 0x0u

/* leave FAULT; clears FAULT and LOST_LIVE (w) */
#define PGSRAM_FAULT_CLEAR_OFFSET 0x050u
#define PGSRAM_FAULT_CLEAR_RESET 0x0u

/* idle cycles before LIGHT, 0 = never (rw) */
#define PGSRAM_THRESHOLD_LIGHT_OFFSET 0x058u

/* idle cycles before retention, 0 = never (rw) */
#define PGSRAM_THRESHOLD_RET_OFFSET 0x060u

/* idle cycles before OFF, 0 = never (rw) */
#define PGSRAM_THRESHOLD_OFF_OFFSET 0x068u

/* the switch's acknowledge was missing or lost; sticky (r) */
#define PGSRAM_FAULT_OFFSET 0x070u

/* was forced OFF while live; sticky (r) */
#define PGSRAM_LOST_LIVE_OFFSET 0x078u

/* restarts every counter (w) */
#define PGSRAM_COUNT_CLEAR_OFFSET 0x080u
#define PGSRAM_COUNT_CLEAR_RESET 0x0u

/* counter that COUNT shows; indices as in pgsram_counters (rw) */
#define PGSRAM_COUNT_SELECT_OFFSET 0x088u
#define PGSRAM_COUNT_SELECT_RESET 0x0u

/* the selected counter (r) */
#define PGSRAM_COUNT_OFFSET 0x090u

/* states of domains 0 to 15, four bits each (r) */
#define PGSRAM_STATE_0_OFFSET 0x098u

/* states of domains 16 to 31 (r) */
#define PGSRAM_STATE_1_OFFSET 0x0a0u

/* states of domains 32 to 47 (r) */
#define PGSRAM_STATE_2_OFFSET 0x0a8u

/* states of domains 48 to 63 (r) */
#define PGSRAM_STATE_3_OFFSET 0x0b0u

/* entries of a table of the schedule player, 0: there is none (r) */
#define PGSRAM_SCHED_DEPTH_OFFSET 0x0b8u

/* time of the entry that SCHED_ENTRY appends, from the start on (rw) */
#define PGSRAM_SCHED_DELTA_OFFSET 0x0c0u
#define PGSRAM_SCHED_DELTA_RESET 0x0u

/* appends an entry to the table: bit 8 set, domain in bits 7 to 2, operation in bits 1 to 0 (0 prewake, 1 light, 2 retain, 3 off) (w) */
#define PGSRAM_SCHED_ENTRY_OFFSET 0x0c8u
#define PGSRAM_SCHED_ENTRY_RESET 0x0u

/* the table is complete (w) */
#define PGSRAM_SCHED_FILLED_OFFSET 0x0d0u
#define PGSRAM_SCHED_FILLED_RESET 0x0u

/* starts the table (w) */
#define PGSRAM_SCHED_START_OFFSET 0x0d8u
#define PGSRAM_SCHED_START_RESET 0x0u

/* clears bits 1 and 2 of SCHED_STATUS (w) */
#define PGSRAM_SCHED_CLEAR_OFFSET 0x0e0u
#define PGSRAM_SCHED_CLEAR_RESET 0x0u

/* bit 0: the table is complete and not started; sticky: bit 1, a start found no complete table; bit 2, an entry found no room (r) */
#define PGSRAM_SCHED_STATUS_OFFSET 0x0e8u

/* Reads a register as it is in one cycle: the low word keeps the high word. */
static inline uint64_t pgsram_read(volatile const uint32_t *base, uint32_t offset) {
  uint64_t low = base[offset / 4];
  return (uint64_t)base[offset / 4 + 1] << 32 | low;
}

/* Writes a register, low word first; each word takes effect in the cycle after it was written. */
static inline void pgsram_write(volatile uint32_t *base, uint32_t offset, uint64_t value) {
  base[offset / 4] = (uint32_t)value;
  base[offset / 4 + 1] = (uint32_t)(value >> 32);
}

#endif
