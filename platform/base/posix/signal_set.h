// Sets of signals (sigsetops(3)).

#ifndef TALLYMAN_PLATFORM_BASE_POSIX_SIGNAL_SET_H_
#define TALLYMAN_PLATFORM_BASE_POSIX_SIGNAL_SET_H_

#include <csignal>

#include "absl/types/span.h"

namespace tallyman::base {

sigset_t SignalSet(absl::Span<const int> signals);

}  // namespace tallyman::base

#endif  // TALLYMAN_PLATFORM_BASE_POSIX_SIGNAL_SET_H_
