#include "tally/actions/count_argument.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "platform/base/text.h"

namespace tallyman::tally {
namespace {

absl::Status Error(std::string_view argument, std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat(base::Quote(argument), ": ", what));
}

// Sets number and is_relative; false if `text` is no NUMBER.
bool ReadNumber(std::string_view text, CountArgument& count) {
  if (absl::ConsumePrefix(&text, "[") && !absl::ConsumeSuffix(&text, "]")) {
    return false;
  }
  const bool is_minus = absl::StartsWith(text, "-");
  count.is_relative = is_minus || absl::StartsWith(text, "+");
  if (count.is_relative) text.remove_prefix(1);
  // Without signs of its own.
  int32_t number = 0;
  if (text.empty() || !absl::c_all_of(text, absl::ascii_isdigit) ||
      !absl::SimpleAtoi(text, &number)) {
    return false;
  }
  count.number = is_minus ? -int64_t{number} : number;
  return true;
}

absl::StatusOr<std::vector<CountArgument>> Parse(std::string_view argument,
                                                 std::string_view server,
                                                 std::string_view process,
                                                 std::string_view counts) {
  std::vector<CountArgument> parsed;
  const std::vector<absl::string_view> parts = absl::StrSplit(counts, ',');
  for (const absl::string_view part : parts) {
    CountArgument count{.process = std::string(process),
                        .server = std::string(server)};
    const size_t at = part.find('@');
    if (at != absl::string_view::npos) {
      if (!server.empty()) {
        return Error(argument, "names a server in front and behind");
      }
      count.server = std::string(part.substr(at + 1));
      if (count.server.empty()) {
        return Error(argument, "has no server after \"@\"");
      }
    } else if (parts.size() > 1) {
      return Error(argument,
                   "several counts need a server each, as in 4@a,2@b");
    }
    if (!ReadNumber(part.substr(0, at), count)) {
      return Error(argument,
                   absl::StrCat(base::Quote(part.substr(0, at)),
                                " is no count such as 4, +2, -1 or [+2]"));
    }
    parsed.push_back(std::move(count));
  }
  return parsed;
}

}  // namespace

absl::StatusOr<std::vector<CountArgument>> ParseCountArgument(
    std::string_view text) {
  std::string_view rest = text;
  std::string_view server;
  if (absl::ConsumePrefix(&rest, "@")) {
    const size_t colon = rest.find(':');
    if (colon == std::string_view::npos || colon == 0) {
      return Error(text, "is not @SERVER:PROCESS=COUNT");
    }
    server = rest.substr(0, colon);
    rest.remove_prefix(colon + 1);
  }
  const size_t equals = rest.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return Error(text, "is not PROCESS=COUNT, such as worker=4");
  }
  return Parse(text, server, rest.substr(0, equals), rest.substr(equals + 1));
}

absl::StatusOr<std::vector<CountArgument>> ParseCountsOf(
    std::string_view process, std::string_view text) {
  return Parse(text, "", process, text);
}

}  // namespace tallyman::tally
