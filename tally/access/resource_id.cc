#include "tally/access/resource_id.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "platform/base/text.h"
#include "tally/cli/command.h"
#include "tally/client/api.h"
#include "tally/client/json_fields.h"
#include "tally/terminal/text.h"

namespace tallyman::tally {

absl::StatusOr<int64_t> FindId(Api& api, std::string_view path,
                               std::string_view what, std::string_view text) {
  int64_t id = 0;
  if (absl::SimpleAtoi(text, &id) && id > 0) return id;
  const absl::StatusOr<std::vector<Json>> list = api.List(path);
  if (!list.ok()) return list.status();
  std::vector<int64_t> fits;
  std::vector<std::string> names;
  for (const Json& item : *list) {
    if (!TextOf(item, "revoked_at").empty()) continue;
    names.push_back(TextOf(item, "name"));
    if (names.back() == text || TextOf(item, "client_id") == text) {
      fits.push_back(NumberOf(item, "id").value_or(0));
    }
  }
  if (fits.size() == 1) return fits.front();
  if (fits.empty()) {
    return absl::NotFoundError(absl::StrCat(
        "no ", what, " ", base::Quote(text),
        names.empty()
            ? ""
            : absl::StrCat("; there are ", absl::StrJoin(names, ", "))));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("several have the name ", base::Quote(text),
                   "; give one of the ids ", absl::StrJoin(fits, ", ")));
}

absl::Status AddNumber(const Invocation& arguments, std::string_view option,
                       std::string_view key, Json& body) {
  const auto text = arguments.Value(option);
  if (!text) return absl::OkStatus();
  int64_t number = 0;
  if (!absl::SimpleAtoi(*text, &number)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--", option, ": ", base::Quote(*text), " is no whole number"));
  }
  body[std::string(key)] = number;
  return absl::OkStatus();
}

std::string ShortTime(const Json& object, std::string_view key) {
  const std::string text = TextOf(object, key);
  absl::Time time;
  std::string error;
  if (text.empty()) return "-";
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error)) return text;
  return absl::FormatTime("%Y-%m-%d %H:%M", time, absl::LocalTimeZone());
}

std::vector<OptionSpec> LimitOptions() {
  return {{.name = "scope",
           .value = "SCOPE",
           .help = "public reads, admin also changes; may be given twice; "
                   "without it public",
           .completes = Completes::kChoice,
           .choices = {"public", "admin"},
           .repeated = true},
          {.name = "hourly-limit",
           .value = "COUNT",
           .help = "requests in an hour; without it 3600"},
          {.name = "daily-limit",
           .value = "COUNT",
           .help = "requests in a day; 0 is no limit, and so it is without "
                   "this option"}};
}

absl::Status AddLimits(const Invocation& arguments, Json& body) {
  std::vector<std::string> scopes = arguments.Values("scope");
  if (scopes.empty()) scopes = {"public"};
  body["scopes"] = scopes;
  absl::Status status =
      AddNumber(arguments, "hourly-limit", "hourly_limit", body);
  if (status.ok()) {
    status = AddNumber(arguments, "daily-limit", "daily_limit", body);
  }
  return status;
}

}  // namespace tallyman::tally
