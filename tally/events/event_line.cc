#include "tally/events/event_line.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "tally/client/api.h"
#include "tally/client/json_fields.h"
#include "tally/terminal/output.h"
#include "tally/terminal/text.h"

namespace tallyman::tally {
namespace {

constexpr size_t kKindColumns = 17;  // "webhook_delivered".

std::string LocalTime(const std::string& text) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error)) {
    return Printable(text);
  }
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", time, absl::LocalTimeZone());
}

// "shop/web.2", "shop/web", "shop" or "".
std::string SubjectOf(const Json& event,
                      const std::map<std::string, std::string>& labels) {
  constexpr size_t kShownUid = 8;
  const std::string uid = TextOf(event, "stack_uid");
  const auto label = labels.find(uid);
  // A stack that was removed has no name any more.
  std::string subject =
      label == labels.end() ? uid.substr(0, kShownUid) : label->second;
  const std::string process = TextOf(event, "process");
  if (!process.empty()) {
    absl::StrAppend(&subject, subject.empty() ? "" : "/", process);
  }
  if (const auto instance = NumberOf(event, "instance")) {
    absl::StrAppend(&subject, ".", *instance);
  }
  return Printable(subject);
}

Style StyleOf(std::string_view kind, std::string_view cause) {
  if (absl::EndsWith(kind, "_failed") || kind == "crash_looping" ||
      kind == "keeper_lost" || kind == "lost" || kind == "webhook_given_up") {
    return Style::kRed;
  }
  if (kind == "action_finished") {
    return cause == "succeeded" ? Style::kGreen : Style::kRed;
  }
  if (kind == "exited") return Style::kYellow;
  if (kind == "started" || kind == "restarted") return Style::kGreen;
  return Style::kPlain;
}

}  // namespace

std::string EventLine(const Json& event,
                      const std::map<std::string, std::string>& labels,
                      const Output& out) {
  const std::string kind = Printable(TextOf(event, "event"));
  const std::string cause = TextOf(event, "cause");
  std::vector<std::string> details;
  if (const auto action = NumberOf(event, "action_id")) {
    details.push_back(absl::StrCat("action ", *action));
  }
  if (const auto pid = NumberOf(event, "pid")) {
    details.push_back(absl::StrCat("pid ", *pid));
  }
  if (!cause.empty()) details.push_back(Printable(cause));
  if (const std::string user = TextOf(event, "user"); !user.empty()) {
    details.push_back(absl::StrCat("by ", Printable(user)));
  }
  std::string line = absl::StrCat(
      out.In(Style::kDim, LocalTime(TextOf(event, "time"))), "  ",
      out.In(StyleOf(kind, cause), kind),
      std::string(kKindColumns - std::min(kKindColumns, kind.size()), ' '));
  const std::string subject = SubjectOf(event, labels);
  if (!subject.empty()) {
    absl::StrAppend(&line, "  ", out.In(Style::kBold, subject));
  }
  if (!details.empty()) {
    absl::StrAppend(&line, "  ", absl::StrJoin(details, ", "));
  }
  return absl::StrCat(line, "\n");
}

}  // namespace tallyman::tally
