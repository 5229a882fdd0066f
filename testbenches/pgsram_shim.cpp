// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The interface of pgsram_shim.h over the class that Verilator generates with `--prefix Vpgsram`.
// The list of ports comes from `pgsram_ports.inc`: one line PGSRAM_PORT(name, direction, width) a port.
// VL_USER_FINISH, VL_USER_STOP and VL_USER_FATAL are defined for the whole build: the functions are at the end of this file.

#include "pgsram_shim.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/stat.h>

#include "Vpgsram.h"
#include "verilated.h"
#if VM_TRACE
#include "verilated_vcd_c.h"
#endif

struct pgsram_model {
    VerilatedContext context;
    std::unique_ptr<Vpgsram> top;
    std::vector<pgsram_port> ports;
    std::string message;
    std::string trace_file;
#if VM_TRACE
    std::unique_ptr<VerilatedVcdC> trace;
#endif
};

namespace {

template <typename Value>
pgsram_port port(const char *name, uint32_t direction, uint32_t width, Value &value) {
    static_assert(sizeof(Value) <= 8 || sizeof(Value) % 4 == 0, "a wide value is an array of 32-bit words");
    return {name, direction, width, static_cast<uint32_t>(sizeof(Value)), reinterpret_cast<uint8_t *>(&value)};
}

// Runs `work` and turns an exception (see the end of this file) into a failure with a message.
template <typename Work>
int guarded(pgsram_model *model, Work work) {
    try {
        work();
        return 0;
    } catch (const std::exception &error) {
        model->message = error.what();
    } catch (...) {
        model->message = "unknown exception";
    }
    return 1;
}

pgsram_model *create() {
    try {
        auto model = std::make_unique<pgsram_model>();
        model->context.randReset(0);
#if VM_TRACE
        model->context.traceEverOn(true);
#endif
        model->top = std::make_unique<Vpgsram>(&model->context, "TOP");
        Vpgsram &top = *model->top;
#define PGSRAM_PORT(name, direction, width) model->ports.push_back(port(#name, direction, width, top.name));
#include "pgsram_ports.inc"
#undef PGSRAM_PORT
        return model.release();
    } catch (...) {
        return nullptr;
    }
}

int trace_close(pgsram_model *model) {
    return guarded(model, [&] {
#if VM_TRACE
        if (model->trace) model->trace->close();
        model->trace.reset();
#endif
    });
}

void destroy(pgsram_model *model) {
    trace_close(model);
    delete model;
}

uint32_t port_count(const pgsram_model *model) { return static_cast<uint32_t>(model->ports.size()); }

const pgsram_port *ports(const pgsram_model *model) { return model->ports.data(); }

const char *message(const pgsram_model *model) { return model->message.c_str(); }

int low(pgsram_model *model) {
    return guarded(model, [&] {
        model->top->clk_i = 0;
        model->top->eval();
    });
}

int high(pgsram_model *model) {
    return guarded(model, [&] {
        model->top->clk_i = 1;
        model->top->eval();
    });
}

int run(pgsram_model *model, uint64_t cycles) {
    return guarded(model, [&] {
        Vpgsram &top = *model->top;
        for (uint64_t cycle = 0; cycle < cycles; ++cycle) {
            top.clk_i = 0;
            top.eval();
            top.clk_i = 1;
            top.eval();
            ++top.now_i;
        }
    });
}

int trace_open(pgsram_model *model, const char *file, const char *scope, uint32_t depth) {
    return guarded(model, [&] {
#if VM_TRACE
        if (model->trace) throw std::runtime_error("a waveform is already open");
        model->trace = std::make_unique<VerilatedVcdC>();
        model->top->trace(model->trace.get(), 99);
        if (depth != 0) model->trace->dumpvars(static_cast<int>(depth), scope);
        model->trace->open(file);
        if (!model->trace->isOpen()) throw std::runtime_error(std::string("cannot write ") + file);
        model->trace_file = file;
#else
        (void)file, (void)scope, (void)depth;
        throw std::runtime_error("built without waveforms");
#endif
    });
}

int trace_dump(pgsram_model *model, uint64_t time) {
    return guarded(model, [&] {
#if VM_TRACE
        if (!model->trace) throw std::runtime_error("no waveform is open");
        model->trace->dump(time);
#else
        (void)time;
        throw std::runtime_error("built without waveforms");
#endif
    });
}

uint64_t trace_bytes(const pgsram_model *model) {
    struct stat status;
    return ::stat(model->trace_file.c_str(), &status) == 0 ? static_cast<uint64_t>(status.st_size) : 0;
}

const pgsram_shim SHIM = {
    PGSRAM_SHIM_ABI,
    VM_TRACE,
    create,
    destroy,
    port_count,
    ports,
    message,
    low,
    high,
    run,
    trace_open,
    trace_dump,
    trace_bytes,
    trace_close,
};

[[noreturn]] void stopped(const char *what, const char *file, int line, const char *detail) {
    std::string text = std::string(what) + " at " + (file ? file : "?") + ":" + std::to_string(line);
    if (detail && *detail) text += std::string(": ") + detail;
    throw std::runtime_error(text);
}

}  // namespace

extern "C" const pgsram_shim *pgsram_shim_table(void) { return &SHIM; }

// Verilator calls these instead of ending the process; the exception reaches `guarded`.
void vl_finish(const char *file, int line, const char *) VL_MT_UNSAFE { stopped("$finish", file, line, nullptr); }

void vl_stop(const char *file, int line, const char *) VL_MT_UNSAFE { stopped("$stop or $fatal", file, line, nullptr); }

void vl_fatal(const char *file, int line, const char *, const char *detail) VL_MT_UNSAFE {
    stopped("fatal error", file, line, detail);
}
