#include "api/stacks/scale_request.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "api/description/parameter.h"
#include "api/description/schema.h"
#include "api/http/http.h"
#include "api/http/params.h"
#include "api/http/request_fields.h"
#include "api/json/json_reader.h"
#include "nlohmann/json.hpp"
#include "platform/base/text.h"
#include "stacks/model/definition.h"

namespace tallyman::api {
namespace {

using Json = nlohmann::json;
using Counts = std::vector<std::pair<std::string, int64_t>>;

constexpr std::string_view kProcessName = "process_name";
constexpr std::string_view kServerCount = "server_count";

constexpr Schema kCount =
    Integer("The desired number of instances.", "4", 0, stacks::kMaxInstances);
constexpr Schema kCountMap =
    Map("By the uid or the name of the server.", kCount,
        R"({"e63e859d5ab72b0bcf14321f0ffb013d":4})");
constexpr Schema kCountText = String(
    "Pairs `SERVER:COUNT`, with commas between them; the server by its "
    "uid or its name.",
    "e63e859d5ab72b0bcf14321f0ffb013d:4");
constexpr Schema kName = String("The process to scale.", "web");

constexpr Field kJsonFields[] = {
    {kProcessName, kName, kOptional},
    {kServerCount,
     Either(kCountMap, kCountText, "The desired numbers of instances."),
     kOptional},
};
constexpr Field kFormFields[] = {
    {kProcessName, kName, kOptional},
    {kServerCount, kCountText, kOptional},
};

absl::Status CountError(std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(kServerCount, ": ", what));
}

// An invalid count, as messages quote it.
std::string QuoteCount(const Json& count) {
  if (count.is_number()) return count.dump();
  if (!count.is_string()) return count.type_name();
  return absl::StrCat("the string ",
                      base::Quote(count.get_ref<const std::string&>()));
}

// The counts in one part of a request: its query or its body.
class CountList {
 public:
  absl::Status Add(std::string_view uid, std::optional<int64_t> count,
                   std::string_view quoted) {
    if (uid.empty()) {
      return CountError(absl::StrCat("the count ", quoted,
                                     " has no server; give SERVER_UID:COUNT"));
    }
    if (!count || *count < 0 || *count > stacks::kMaxInstances) {
      return CountError(absl::StrCat("the count of server ", base::Quote(uid),
                                     " must be an integer from 0 to ",
                                     stacks::kMaxInstances, ", not ", quoted));
    }
    if (!uids_.emplace(uid).second) {
      return CountError(
          absl::StrCat("server ", base::Quote(uid), " is there twice"));
    }
    counts_.emplace_back(uid, *count);
    return absl::OkStatus();
  }

  absl::Status AddText(std::string_view uid, std::string_view text) {
    int64_t count = 0;
    const bool is_number = !text.empty() &&
                           absl::c_all_of(text, absl::ascii_isdigit) &&
                           absl::SimpleAtoi(text, &count);
    return Add(uid, is_number ? std::optional(count) : std::nullopt,
               base::Quote(text));
  }

  // "UID:4,UID:2".
  absl::Status AddList(std::string_view text) {
    for (std::string_view item : absl::StrSplit(text, ',')) {
      item = absl::StripAsciiWhitespace(item);
      const size_t colon = item.find(':');
      if (colon == std::string_view::npos) {
        return CountError(
            absl::StrCat(base::Quote(item), " is not SERVER_UID:COUNT"));
      }
      absl::Status added =
          AddText(item.substr(0, colon), item.substr(colon + 1));
      if (!added.ok()) return added;
    }
    return absl::OkStatus();
  }

  absl::Status AddParams(const Params& params) {
    for (const auto& [name, value] : params.all()) {
      std::string_view key = name;
      if (!absl::ConsumePrefix(&key, kServerCount)) continue;
      if (key.empty()) {
        if (absl::Status added = AddList(value); !added.ok()) return added;
      } else if (absl::ConsumePrefix(&key, "[")) {
        if (!absl::ConsumeSuffix(&key, "]")) {
          return CountError(absl::StrCat(base::Quote(name),
                                         " is not server_count[SERVER_UID]"));
        }
        if (absl::Status added = AddText(key, value); !added.ok()) return added;
      }
    }
    return absl::OkStatus();
  }

  absl::Status AddJson(const Json& value) {
    if (value.is_null()) return absl::OkStatus();
    if (value.is_string()) return AddList(value.get_ref<const std::string&>());
    if (!value.is_object()) {
      return WrongType(kServerCount, "an object such as {\"SERVER_UID\":4}",
                       value);
    }
    if (value.empty()) return CountError("is empty; give at least one server");
    for (const auto& [uid, count] : value.items()) {
      absl::Status added = Add(uid, IntegerOf(count), QuoteCount(count));
      if (!added.ok()) return added;
    }
    return absl::OkStatus();
  }

  const Counts& counts() const { return counts_; }

 private:
  Counts counts_;
  absl::flat_hash_set<std::string> uids_;
};

Counts Sorted(Counts counts) {
  absl::c_sort(counts);
  return counts;
}

absl::StatusOr<Counts> ReadCounts(const RequestFields& fields) {
  CountList query;
  CountList body;
  if (absl::Status added = query.AddParams(fields.query()); !added.ok()) {
    return added;
  }
  if (absl::Status added = body.AddParams(fields.form()); !added.ok()) {
    return added;
  }
  const auto member = fields.json().find(kServerCount);
  if (member != fields.json().end()) {
    if (absl::Status added = body.AddJson(*member); !added.ok()) return added;
  }
  if (query.counts().empty() && body.counts().empty()) {
    return CountError(
        "is missing; give SERVER_UID:COUNT, several separated by commas, or "
        "{\"SERVER_UID\":COUNT} in JSON");
  }
  if (query.counts().empty()) return body.counts();
  if (!body.counts().empty() &&
      Sorted(query.counts()) != Sorted(body.counts())) {
    return CountError(
        "is given twice, differently in the query and in the body");
  }
  return query.counts();
}

}  // namespace

constexpr Schema kScaleRequestSchema =
    Object("ScaleRequest",
           "Both fields are required, each here or in the query.", kJsonFields);
constexpr Schema kScaleFormSchema =
    Object("ScaleForm",
           "Both fields are required, each here or in the query. "
           "`server_count[SERVER]=COUNT` is another form of the second.",
           kFormFields);
constexpr Parameter kScaleProcessNameParameter = {
    .name = kProcessName,
    .schema =
        String("The process to scale; required here or in the body.", "web")};
constexpr Parameter kServerCountParameter = {
    .name = kServerCount,
    .schema = String("Pairs `SERVER:COUNT`, with commas between them; required "
                     "here or in the body. The server is its uid or its name. "
                     "`server_count[SERVER]=COUNT` is another form.",
                     "e63e859d5ab72b0bcf14321f0ffb013d:4"),
    .is_map = true};

absl::StatusOr<ScaleRequest> ParseScaleRequest(const Request& request) {
  const absl::StatusOr<RequestFields> fields =
      RequestFields::Read(request, {kProcessName, kServerCount});
  if (!fields.ok()) return fields.status();
  absl::StatusOr<std::optional<std::string>> name =
      fields->GetString(kProcessName);
  if (!name.ok()) return name.status();
  if (!name->has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat(kProcessName, ": is missing; name the process to scale"));
  }
  absl::StatusOr<Counts> counts = ReadCounts(*fields);
  if (!counts.ok()) return counts.status();
  return ScaleRequest{.process_name = **std::move(name),
                      .counts = *std::move(counts)};
}

}  // namespace tallyman::api
