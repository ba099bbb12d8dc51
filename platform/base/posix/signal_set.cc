#include "platform/base/posix/signal_set.h"

#include <pthread.h>

#include <csignal>

#include "absl/log/check.h"
#include "absl/types/span.h"
#include "platform/base/signal_source.h"

namespace tallyman::base {

sigset_t SignalSet(absl::Span<const int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  return set;
}

void BlockSignals(absl::Span<const int> signals) {
  const sigset_t set = SignalSet(signals);
  CHECK_EQ(pthread_sigmask(SIG_BLOCK, &set, nullptr), 0);
}

}  // namespace tallyman::base
