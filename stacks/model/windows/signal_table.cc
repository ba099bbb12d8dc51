#include "stacks/model/signal_table.h"

#include "absl/types/span.h"

namespace tallyman::stacks {
namespace {

constexpr Signal kSignals[] = {
    {"hup", 1},     {"int", 2},    {"quit", 3},  {"ill", 4},   {"trap", 5},
    {"abrt", 6},    {"bus", 7},    {"fpe", 8},   {"kill", 9},  {"usr1", 10},
    {"segv", 11},   {"usr2", 12},  {"pipe", 13}, {"alrm", 14}, {"term", 15},
    {"chld", 17},   {"cont", 18},  {"stop", 19}, {"tstp", 20}, {"ttin", 21},
    {"ttou", 22},   {"urg", 23},   {"xcpu", 24}, {"xfsz", 25}, {"prof", 27},
    {"vtalrm", 26}, {"winch", 28}, {"io", 29},   {"sys", 31},
};

}  // namespace

absl::Span<const Signal> AllSignals() { return kSignals; }

}  // namespace tallyman::stacks
