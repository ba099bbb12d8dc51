#include "tools/harness/json_schema.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/algorithm/container.h"
#include "absl/log/check.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "re2/re2.h"

namespace tallyman::harness {
namespace {

using Json = nlohmann::json;

// Whether `value` has the type that JSON Schema calls `name`.
bool HasType(const Json& value, const std::string& name) {
  if (name == "integer") return value.is_number_integer();
  return name == value.type_name();  // Also "number", "null", ...
}

bool HasAnyType(const Json& value, const Json& type) {
  if (type.is_string()) return HasType(value, type);
  return absl::c_any_of(type,
                        [&](const Json& name) { return HasType(value, name); });
}

// The number of characters of `text`, which is UTF-8.
size_t CountCharacters(std::string_view text) {
  return static_cast<size_t>(absl::c_count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) >> 6) != 2; }));
}

class Checker {
 public:
  explicit Checker(const Json& document) : document_(document) {}

  std::string Check(const Json& schema, const Json& value,
                    const std::string& place) const {
    for (const auto& [keyword, argument] : schema.items()) {
      std::string mismatch =
          CheckKeyword(keyword, argument, schema, value, place);
      if (!mismatch.empty()) return mismatch;
    }
    return "";
  }

 private:
  std::string CheckKeyword(const std::string& keyword, const Json& argument,
                           const Json& schema, const Json& value,
                           const std::string& place) const {
    const auto fail = [&](std::string_view what) {
      return absl::StrCat(place, ": ", what, ": ", value.dump());
    };
    if (keyword == "description" || keyword == "default") return "";
    if (keyword == "$ref") {
      return Check(Resolve(document_, schema), value, place);
    }
    if (keyword == "type") {
      return HasAnyType(value, argument)
                 ? ""
                 : fail(absl::StrCat("is not of the type ", argument.dump()));
    }
    if (keyword == "enum") {
      return absl::c_linear_search(argument, value)
                 ? ""
                 : fail(absl::StrCat("is none of ", argument.dump()));
    }
    if (keyword == "oneOf") return CheckOneOf(argument, value, place);
    if (keyword == "minimum" || keyword == "maximum") {
      const bool is_min = keyword == "minimum";
      if (!value.is_number() ||
          (is_min ? value >= argument : value <= argument)) {
        return "";
      }
      return fail(
          absl::StrCat("is out of range, ", keyword, " is ", argument.dump()));
    }
    if (keyword == "minLength" || keyword == "maxLength" ||
        keyword == "pattern" || keyword == "format") {
      return value.is_string() && !MatchesText(keyword, argument, value)
                 ? fail(absl::StrCat("does not match ", keyword, " ",
                                     argument.dump()))
             : keyword == "format" && argument != "date-time" &&
                     argument != "int64"
                 ? fail(absl::StrCat("unknown format ", argument.dump()))
                 : "";
    }
    if (keyword == "minItems" || keyword == "maxItems") {
      const auto size = static_cast<int64_t>(value.size());
      const auto limit = argument.get<int64_t>();
      return !value.is_array() ||
                     (keyword == "minItems" ? size >= limit : size <= limit)
                 ? ""
                 : fail(absl::StrCat("has the wrong number of items, ", keyword,
                                     " is ", limit));
    }
    if (keyword == "items") return CheckItems(argument, value, place);
    if (keyword == "required") {
      for (const Json& name : argument) {
        if (value.is_object() && !value.contains(name.get<std::string>())) {
          return fail(absl::StrCat("has no ", name.dump()));
        }
      }
      return "";
    }
    if (keyword == "properties") {
      return CheckProperties(argument, value, place);
    }
    if (keyword == "additionalProperties") {
      return CheckOthers(argument, schema, value, place);
    }
    return fail(absl::StrCat("unknown keyword \"", keyword, "\""));
  }

  static bool MatchesText(const std::string& keyword, const Json& argument,
                          const Json& value) {
    const std::string& text = value.get_ref<const std::string&>();
    if (keyword == "pattern") {
      const RE2 pattern(argument.get<std::string>());
      CHECK(pattern.ok()) << argument;
      return RE2::PartialMatch(text, pattern);
    }
    if (keyword == "format") {
      absl::Time time;
      return argument != "date-time" ||
             absl::ParseTime(absl::RFC3339_full, text, &time, nullptr);
    }
    const auto size = static_cast<int64_t>(CountCharacters(text));
    const auto limit = argument.get<int64_t>();
    return keyword == "minLength" ? size >= limit : size <= limit;
  }

  std::string CheckOneOf(const Json& schemas, const Json& value,
                         const std::string& place) const {
    int matches = 0;
    std::string reasons;
    for (const Json& schema : schemas) {
      const std::string mismatch = Check(schema, value, place);
      if (mismatch.empty()) ++matches;
      absl::StrAppend(&reasons, "; ", mismatch);
    }
    if (matches == 1) return "";
    return absl::StrCat(place, ": matches ", matches, " of oneOf", reasons);
  }

  std::string CheckItems(const Json& schema, const Json& value,
                         const std::string& place) const {
    if (!value.is_array()) return "";
    for (size_t i = 0; i < value.size(); ++i) {
      std::string mismatch =
          Check(schema, value[i], absl::StrCat(place, "/", i));
      if (!mismatch.empty()) return mismatch;
    }
    return "";
  }

  std::string CheckProperties(const Json& schemas, const Json& value,
                              const std::string& place) const {
    if (!value.is_object()) return "";
    for (const auto& [name, schema] : schemas.items()) {
      const auto member = value.find(name);
      if (member == value.end()) continue;
      std::string mismatch =
          Check(schema, *member, absl::StrCat(place, "/", name));
      if (!mismatch.empty()) return mismatch;
    }
    return "";
  }

  // The members that "properties" of `schema` does not have.
  std::string CheckOthers(const Json& argument, const Json& schema,
                          const Json& value, const std::string& place) const {
    if (!value.is_object()) return "";
    const auto properties = schema.find("properties");
    for (const auto& [name, member] : value.items()) {
      if (properties != schema.end() && properties->contains(name)) continue;
      if (argument == false) {
        return absl::StrCat(place, ": has the unknown member \"", name, "\"");
      }
      std::string mismatch =
          Check(argument, member, absl::StrCat(place, "/", name));
      if (!mismatch.empty()) return mismatch;
    }
    return "";
  }

  const Json& document_;
};

}  // namespace

std::string FindMismatch(const Json& document, const Json& schema,
                         const Json& value) {
  return Checker(document).Check(schema, value, "");
}

const Json& Resolve(const Json& document, const Json& node) {
  const auto reference = node.find("$ref");
  if (reference == node.end()) return node;
  std::string_view pointer = reference->get_ref<const std::string&>();
  CHECK(absl::ConsumePrefix(&pointer, "#")) << node;
  const Json::json_pointer path{std::string(pointer)};
  CHECK(document.contains(path)) << node;
  return Resolve(document, document[path]);
}

}  // namespace tallyman::harness
