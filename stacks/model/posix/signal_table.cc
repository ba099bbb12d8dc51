#include "stacks/model/signal_table.h"

#include <csignal>

#include "absl/types/span.h"

namespace tallyman::stacks {
namespace {

constexpr Signal kSignals[] = {
    {"hup", SIGHUP},   {"int", SIGINT},       {"quit", SIGQUIT},
    {"ill", SIGILL},   {"trap", SIGTRAP},     {"abrt", SIGABRT},
    {"bus", SIGBUS},   {"fpe", SIGFPE},       {"kill", SIGKILL},
    {"usr1", SIGUSR1}, {"segv", SIGSEGV},     {"usr2", SIGUSR2},
    {"pipe", SIGPIPE}, {"alrm", SIGALRM},     {"term", SIGTERM},
    {"chld", SIGCHLD}, {"cont", SIGCONT},     {"stop", SIGSTOP},
    {"tstp", SIGTSTP}, {"ttin", SIGTTIN},     {"ttou", SIGTTOU},
    {"urg", SIGURG},   {"xcpu", SIGXCPU},     {"xfsz", SIGXFSZ},
    {"prof", SIGPROF}, {"vtalrm", SIGVTALRM}, {"winch", SIGWINCH},
    {"io", SIGIO},     {"sys", SIGSYS},
};

static_assert(kKillSignal == SIGKILL && kTermSignal == SIGTERM);

}  // namespace

absl::Span<const Signal> AllSignals() { return kSignals; }

}  // namespace tallyman::stacks
