#include "tally/cli/secret_arguments.h"

#include <cstddef>
#include <cstring>
#include <string_view>

#include "absl/strings/match.h"

namespace tallyman::tally {
namespace {

// Both prefixes have this size.
constexpr size_t kPrefixSize = 4;
// A shorter one is a placeholder such as "tly_…".
constexpr size_t kMinSecretSize = 16;

size_t FindSecret(std::string_view text) {
  for (const std::string_view prefix : {"tly_", "tlc_"}) {
    const size_t found = text.find(prefix);
    if (found != std::string_view::npos &&
        text.size() - found >= kPrefixSize + kMinSecretSize) {
      return found;
    }
  }
  return std::string_view::npos;
}

}  // namespace

bool LooksLikeSecret(std::string_view text) { return FindSecret(text) == 0; }

bool HideSecretArguments(int argc, char** argv) {
  constexpr std::string_view kOption = "--token";
  constexpr std::string_view kAssigned = "--token=";
  bool found = false;
  bool is_value = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    size_t begin = FindSecret(argument);
    if (is_value) begin = 0;
    if (absl::StartsWith(argument, kAssigned)) begin = kAssigned.size();
    is_value = argument == kOption;
    if (begin >= argument.size()) continue;
    std::memset(argv[i] + begin, '*', argument.size() - begin);
    found = true;
  }
  return found;
}

}  // namespace tallyman::tally
