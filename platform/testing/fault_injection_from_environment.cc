// Installs a fault hook that kills this process with SIGKILL at the fault point
// that an environment variable names:
//
//   TALLYMAN_FAULT=start.durable:3   when the process reaches it the third time

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "platform/base/fault_injection.h"

namespace tallyman::base {
namespace {

constexpr std::string_view kVariable = "TALLYMAN_FAULT=";

struct Fault {
  std::string name;
  std::atomic<int64_t> remaining = 1;  // Calls until the kill.
};

// The value of the variable; "" if it is not set.
std::string_view FromEnvironment() {
  for (char** each = environ; each != nullptr && *each != nullptr; ++each) {
    std::string_view variable = *each;
    if (!absl::StartsWith(variable, kVariable)) continue;
    variable.remove_prefix(kVariable.size());
    return variable;
  }
  return {};
}

// Null if `text` is empty, or malformed: then prints a message as well.
std::unique_ptr<Fault> Parse(std::string_view text) {
  if (text.empty()) return nullptr;
  auto fault = std::make_unique<Fault>();
  const size_t colon = text.find(':');
  fault->name = std::string(text.substr(0, colon));
  int64_t count = 1;
  const bool counted =
      colon == std::string_view::npos ||
      (absl::SimpleAtoi(text.substr(colon + 1), &count) && count >= 1);
  if (fault->name.empty() || !counted) {
    std::cerr << "tallyman: " << kVariable << text
              << " is ignored: not of the form NAME or NAME:COUNT\n";
    return nullptr;
  }
  fault->remaining = count;
  return fault;
}

void KillAtPoint(std::string_view point) {
  // Never freed: threads may still call this while the process exits.
  static Fault* const kFault = Parse(FromEnvironment()).release();
  if (kFault == nullptr) return;
  if (kFault->name == point && kFault->remaining.fetch_sub(1) == 1) {
    kill(getpid(), SIGKILL);
  }
}

[[maybe_unused]] const bool kInstalled = [] {
  fault_hook.store(&KillAtPoint);
  return true;
}();

}  // namespace
}  // namespace tallyman::base
