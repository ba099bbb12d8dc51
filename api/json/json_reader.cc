#include "api/json/json_reader.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "platform/base/text.h"

namespace tallyman::api {
namespace {

using Json = nlohmann::json;

// Finds a key that one object has twice: the parser would silently drop one of
// the two members. Accepts all other events. Not a callback of the parser: with
// one, the parser walks all elements of an array at the end of each object in
// it, so the time would grow with the square of the objects.
class DuplicateKeyFinder : public nlohmann::json_sax<Json> {
 public:
  const std::optional<std::string>& duplicate() const { return duplicate_; }

  bool null() override { return true; }
  bool boolean(bool /*value*/) override { return true; }
  bool number_integer(int64_t /*value*/) override { return true; }
  bool number_unsigned(uint64_t /*value*/) override { return true; }
  bool number_float(double /*value*/, const std::string& /*text*/) override {
    return true;
  }
  bool string(std::string& /*value*/) override { return true; }
  bool binary(Json::binary_t& /*value*/) override { return true; }
  bool start_object(size_t /*size*/) override {
    keys_.emplace_back();
    return true;
  }
  bool key(std::string& key) override {
    if (keys_.back().insert(key).second) return true;
    duplicate_ = key;
    return false;
  }
  bool end_object() override {
    keys_.pop_back();
    return true;
  }
  bool start_array(size_t /*size*/) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) override {
    return false;
  }

 private:
  std::vector<absl::flat_hash_set<std::string>> keys_;  // Of the open objects.
  std::optional<std::string> duplicate_;
};

}  // namespace

absl::StatusOr<Json> ParseJsonObject(std::string_view text,
                                     std::string_view what) {
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Json::parse_error& error) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, " is not JSON: wrong at byte ", error.byte));
  } catch (const Json::out_of_range&) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, " has a number that is too large"));
  }
  if (!json.is_object()) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, " must be a JSON object, not ",
                     std::string_view(json.type_name())));
  }
  DuplicateKeyFinder finder;
  if (!Json::sax_parse(text, &finder)) {
    return absl::InvalidArgumentError(absl::StrCat(
        what, " has the key ", base::Quote(finder.duplicate().value_or("")),
        " twice in one object"));
  }
  return json;
}

absl::Status WrongType(std::string_view place, std::string_view desired,
                       const Json& value) {
  return absl::InvalidArgumentError(
      absl::StrCat(place, ": must be ", desired, ", not ",
                   std::string_view(value.type_name())));
}

absl::Status UnknownKey(std::string_view prefix, std::string_view key,
                        std::string_view keys) {
  constexpr size_t kMaxShown = 64;
  const bool is_plain = !key.empty() && key.size() <= kMaxShown &&
                        absl::c_all_of(key, [](char c) {
                          return absl::ascii_isalnum(c) || c == '_' || c == '-';
                        });
  return absl::InvalidArgumentError(
      absl::StrCat(prefix, is_plain ? std::string(key) : base::Quote(key),
                   ": unknown key; keys are ", keys));
}

std::optional<int64_t> IntegerOf(const Json& value) {
  if (!value.is_number_integer() ||
      (value.is_number_unsigned() &&
       value.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX))) {
    return std::nullopt;
  }
  return value.get<int64_t>();
}

absl::Status ReadString(std::string_view place, const Json& value,
                        std::string& out) {
  if (!value.is_string()) return WrongType(place, "a string", value);
  out = value.get_ref<const std::string&>();
  return absl::OkStatus();
}

absl::Status ReadInteger(std::string_view place, const Json& value,
                         int64_t& out) {
  const std::optional<int64_t> number = IntegerOf(value);
  if (number) {
    out = *number;
    return absl::OkStatus();
  }
  if (!value.is_number()) return WrongType(place, "an integer", value);
  return absl::InvalidArgumentError(
      absl::StrCat(place, ": must be an integer",
                   value.is_number_float() ? "" : " of at most 64 bits",
                   ", not ", value.dump()));
}

}  // namespace tallyman::api
