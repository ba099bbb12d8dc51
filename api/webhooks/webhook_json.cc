#include "api/webhooks/webhook_json.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api/description/schema.h"
#include "api/json/json_reader.h"
#include "api/json/json_writer.h"
#include "api/json/timestamp.h"
#include "auth/secret.h"
#include "nlohmann/json.hpp"
#include "platform/base/text.h"
#include "stacks/webhooks/webhook.h"

namespace tallyman::api {
namespace {

using Json = nlohmann::json;
using SecretWebhook = std::pair<stacks::WebhookSpec, auth::Secret>;

constexpr Schema kKindSchema = OneOf(
    EnumNames<stacks::WebhookKindName, stacks::WebhookKind::kCrashLooping,
              stacks::kLastWebhookKind>,
    String("`crash_looping`: an instance has failed three times in a row. "
           "`start_failed`: its program could not be executed. "
           "`action_failed`: an action has ended without success. "
           "`keeper_lost`: the server has lost the process that starts and "
           "watches instances.",
           "crash_looping"));

constexpr Field kId = {"id", Integer("The id; never used again.", "1", 1)};
constexpr Field kName = {
    "name",
    {.description = "1 to 100 bytes, no control characters. Events in the log "
                    "have it.",
     .min = 1,
     .max = static_cast<int64_t>(stacks::kMaxWebhookNameBytes),
     .example = "pager"}};
constexpr Field kUrl = {
    "url", String("Where deliveries are posted. Its host must be among those "
                  "of the flag `--webhook_hosts`.",
                  "https://hooks.example.com/tallyman")};
constexpr Field kEvents = {
    "events", [] {
      Schema schema = Array("The kinds of events that it gets.", kKindSchema);
      schema.min = 1;
      return schema;
    }()};
constexpr Field kSecret = {
    "secret", String("The key of the signatures, shown only this once.",
                     "whs_Zm9vYmFyYmF6cXV4cXV1eGNvcmdlZ3JhdWx0Z2FycGx5d2E")};
constexpr Field kFromFile = {
    "from_file",
    Boolean("True if `--webhooks_file` names it, which makes it again at the "
            "next start.",
            "false")};
constexpr Field kCreatedAt = {"created_at", Time("When it was made.")};
constexpr Field kPosition = {
    "position",
    Integer("The id of the last event that concerns it no more: delivered, "
            "given up or of another kind.",
            "42", 0)};
constexpr Field kAttempts = {
    "failed_attempts",
    Integer("Attempts in a row that have not delivered the next events.", "0",
            0)};

constexpr Field kWebhookFields[] = {
    kId, kName, kUrl, kEvents, kFromFile, kCreatedAt, kPosition, kAttempts};
constexpr Field kNewWebhookFields[] = {kId,        kName,     kUrl,
                                       kEvents,    kSecret,   kFromFile,
                                       kCreatedAt, kPosition, kAttempts};
constexpr Field kSpecFields[] = {kName, kUrl, kEvents};

absl::Status ReadKinds(std::string_view place, const Json& value,
                       std::vector<stacks::WebhookKind>& kinds) {
  if (!value.is_array()) return WrongType(place, "an array", value);
  for (const Json& item : value) {
    std::string name;
    if (absl::Status read = ReadString(place, item, name); !read.ok()) {
      return read;
    }
    const std::optional<stacks::WebhookKind> kind =
        stacks::ParseWebhookKind(name);
    if (!kind) {
      return absl::InvalidArgumentError(
          absl::StrCat(place, ": ", base::Quote(name), " is none of ",
                       absl::StrJoin(kKindSchema.values(), ", ")));
    }
    if (!absl::c_linear_search(kinds, *kind)) kinds.push_back(*kind);
  }
  return absl::OkStatus();
}

// `secret` is null where it is no member.
absl::Status ReadWebhook(std::string_view prefix, const Json& json,
                         stacks::WebhookSpec& spec, auth::Secret* secret) {
  if (!json.is_object()) return WrongType(prefix, "an object", json);
  const std::string dot = prefix.empty() ? "" : absl::StrCat(prefix, ".");
  for (const auto& [key, value] : json.items()) {
    const std::string place = absl::StrCat(dot, key);
    absl::Status read;
    if (key == "name") {
      read = ReadString(place, value, spec.name);
    } else if (key == "url") {
      read = ReadString(place, value, spec.url);
    } else if (key == "events") {
      read = ReadKinds(place, value, spec.kinds);
    } else if (key == "secret" && secret != nullptr) {
      std::string text;
      read = ReadString(place, value, text);
      *secret = auth::Secret(text);
    } else {
      read = UnknownKey(dot, key,
                        absl::StrCat(FieldNames(kWebhookSpecSchema),
                                     secret == nullptr ? "" : ", secret"));
    }
    if (!read.ok()) return read;
  }
  return absl::OkStatus();
}

}  // namespace

constexpr Schema kWebhookSchema =
    Object("Webhook", "A webhook.", kWebhookFields);
constexpr Schema kNewWebhookSchema =
    Object("NewWebhook", "A webhook that was just made.", kNewWebhookFields);
constexpr Schema kWebhookSpecSchema =
    Object("WebhookSpec", "A webhook to make.", kSpecFields);

absl::StatusOr<stacks::WebhookSpec> ParseWebhookSpec(std::string_view body) {
  const absl::StatusOr<Json> json = ParseJsonObject(body);
  if (!json.ok()) return json.status();
  stacks::WebhookSpec spec;
  if (absl::Status read = ReadWebhook("", *json, spec, nullptr); !read.ok()) {
    return read;
  }
  return spec;
}

absl::StatusOr<std::vector<SecretWebhook>> ParseWebhooksFile(
    std::string_view text) {
  const absl::StatusOr<Json> json = ParseJsonObject(text, "the file");
  if (!json.ok()) return json.status();
  std::vector<SecretWebhook> webhooks;
  for (const auto& [key, value] : json->items()) {
    if (key != "webhooks") return UnknownKey("", key, "webhooks");
    if (!value.is_array()) return WrongType(key, "an array", value);
    for (size_t i = 0; i < value.size(); ++i) {
      SecretWebhook& one = webhooks.emplace_back();
      absl::Status read = ReadWebhook(absl::StrCat("webhooks[", i, "]"),
                                      value[i], one.first, &one.second);
      if (!read.ok()) return read;
    }
  }
  return webhooks;
}

void WriteWebhook(const stacks::Webhook& webhook, const auth::Secret* secret,
                  JsonWriter& json) {
  json.BeginObject();
  json.Key("id");
  json.Int(webhook.id);
  json.Key("name");
  json.String(webhook.spec.name);
  json.Key("url");
  json.String(webhook.spec.url);
  json.Key("events");
  json.BeginArray();
  for (const stacks::WebhookKind kind : webhook.spec.kinds) {
    json.String(stacks::WebhookKindName(kind));
  }
  json.EndArray();
  if (secret != nullptr) {
    json.Key("secret");
    json.String(secret->Reveal());
  }
  json.Key("from_file");
  json.Bool(webhook.is_from_file);
  json.Key("created_at");
  json.String(UtcTimestamp(webhook.created_at));
  json.Key("position");
  json.Int(webhook.progress.position);
  json.Key("failed_attempts");
  json.Int(webhook.progress.attempts);
  json.EndObject();
}

}  // namespace tallyman::api
