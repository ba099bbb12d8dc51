#include "api/stacks/output_query.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "api/description/parameter.h"
#include "api/http/params.h"
#include "api/json/timestamp.h"
#include "platform/base/text.h"
#include "re2/re2.h"

namespace tallyman::api {
namespace {

constexpr int64_t kMaxProgramBytes = 1 << 20;

absl::StatusOr<std::shared_ptr<const RE2>> ParseGrep(std::string_view text) {
  const auto error = [](auto... parts) {
    return absl::InvalidArgumentError(
        absl::StrCat(kGrepParameter.name, ": ", parts...));
  };
  if (text.empty()) return error("is empty; leave it out");
  if (text.size() > static_cast<size_t>(*kGrepParameter.schema.max)) {
    return error("has ", text.size(), " bytes; the limit is ",
                 *kGrepParameter.schema.max);
  }
  RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  options.set_max_mem(kMaxProgramBytes);
  auto grep = std::make_shared<const RE2>(text, options);
  if (grep->ok()) return std::shared_ptr<const RE2>(std::move(grep));
  const std::string& part = grep->error_arg();
  const size_t at = text.find(part);
  return error(base::Quote(text), " is no regular expression: ", grep->error(),
               part.empty() || at == std::string_view::npos
                   ? ""
                   : absl::StrCat(", at byte ", at + 1));
}

// "15m": so long before `now`; nullopt if `text` is no duration.
std::optional<absl::Time> ParseAgo(std::string_view text, absl::Time now) {
  if (text.empty()) return std::nullopt;
  absl::Duration unit;
  switch (text.back()) {
    case 's':
      unit = absl::Seconds(1);
      break;
    case 'm':
      unit = absl::Minutes(1);
      break;
    case 'h':
      unit = absl::Hours(1);
      break;
    case 'd':
      unit = absl::Hours(24);
      break;
    default:
      return std::nullopt;
  }
  const std::string_view number = text.substr(0, text.size() - 1);
  int32_t count = 0;
  if (!absl::c_all_of(number, absl::ascii_isdigit) ||
      !absl::SimpleAtoi(number, &count)) {
    return std::nullopt;
  }
  return now - count * unit;
}

absl::StatusOr<absl::Time> ParseTime(const Params& params,
                                     const Parameter& parameter, absl::Time now,
                                     absl::Time absent) {
  const std::optional<std::string_view> text = Read(params, parameter);
  if (!text) return absent;
  if (const std::optional<absl::Time> ago = ParseAgo(*text, now)) return *ago;
  absl::StatusOr<absl::Time> time = ParseTimestamp(*text);
  if (time.ok()) return time;
  return absl::InvalidArgumentError(absl::StrCat(
      parameter.name, ": ", base::Quote(*text),
      " is neither a time such as 2026-11-22T00:10:09Z (in a query, %2B stands "
      "for +) nor a duration such as 90s, 15m, 2h or 7d"));
}

}  // namespace

absl::StatusOr<OutputQuery> ParseOutputQuery(const Params& params,
                                             absl::Time now) {
  OutputQuery query;
  if (const auto text = Read(params, kGrepParameter)) {
    absl::StatusOr<std::shared_ptr<const RE2>> grep = ParseGrep(*text);
    if (!grep.ok()) return grep.status();
    query.grep = *std::move(grep);
  }
  const absl::StatusOr<absl::Time> since =
      ParseTime(params, kSinceParameter, now, query.since);
  if (!since.ok()) return since.status();
  query.since = *since;
  const absl::StatusOr<absl::Time> until =
      ParseTime(params, kUntilParameter, now, query.until);
  if (!until.ok()) return until.status();
  query.until = *until;
  if (query.until < query.since) {
    return absl::InvalidArgumentError(absl::StrCat(
        kUntilParameter.name, ": is before ", kSinceParameter.name));
  }
  if (const auto stream = Read(params, kOutputStreamParameter);
      stream && !absl::c_linear_search(kOutputStreamValues, *stream)) {
    return absl::InvalidArgumentError(absl::StrCat(
        kOutputStreamParameter.name, ": ", base::Quote(*stream),
        " can't be had: standard output and standard error are one file, and "
        "are not told apart; leave it out, or send both"));
  }
  if (const auto times = Read(params, kTimesParameter)) {
    if (!absl::c_linear_search(kTimesValues, *times)) {
      return absl::InvalidArgumentError(
          absl::StrCat(kTimesParameter.name, ": ", base::Quote(*times),
                       " is none of 1, true, 0 and false"));
    }
    query.has_times = *times == "1" || *times == "true";
  }
  return query;
}

}  // namespace tallyman::api
