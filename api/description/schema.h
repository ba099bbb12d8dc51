// The shape of a JSON value, stated beside the code that writes or reads it, as
// a constant: JSON Schema without its text.
//
//   constexpr Field kPointFields[] = {
//       {"x", Integer("Pixels from the left.", "10")},
//       {"label", OrNull(String("Its name.", "here")), kOptional},
//   };
//   constexpr Schema kPointSchema = Object("Point", "A point.", kPointFields);
//
// All pointers and views refer to constants. Thread-safe.

#ifndef TALLYMAN_API_DESCRIPTION_SCHEMA_H_
#define TALLYMAN_API_DESCRIPTION_SCHEMA_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "absl/types/span.h"

namespace tallyman::api {

enum class SchemaType : uint8_t {
  kString,
  kInteger,
  kNumber,
  kBoolean,
  kArray,
  kObject,
  kReference,  // The schema at `items`.
  kEither,     // The schema at `items`, or the one at `other`.
};

struct Field;

struct Schema {
  SchemaType type = SchemaType::kString;
  // Not "": a schema that others refer to by this name.
  std::string_view name = {};
  // CommonMark of one paragraph.
  std::string_view description = {};
  bool is_nullable = false;
  // As in JSON Schema; "" if there is none.
  std::string_view format = {};
  std::string_view pattern = {};
  // The range of an integer, of the characters of a string, or of the number of
  // items of an array.
  std::optional<int64_t> min = std::nullopt;
  std::optional<int64_t> max = std::nullopt;
  // Returns all values that a string can have; null: any.
  absl::Span<const std::string_view> (*values)() = nullptr;
  // The members of an object.
  absl::Span<const Field> fields = {};
  // The items of an array; the values of an object without `fields`.
  const Schema* items = nullptr;
  const Schema* other = nullptr;
  // JSON, or the text of a string. Those of objects and arrays are made from
  // their parts.
  std::string_view example = {};
  // Like `example`: the value that an absent parameter or member stands for.
  std::string_view default_value = {};
};

inline constexpr bool kOptional = false;

// A member of an object.
struct Field {
  std::string_view name;
  Schema schema;
  bool is_required = true;
};

constexpr Schema String(std::string_view description,
                        std::string_view example) {
  return {.description = description, .example = example};
}

constexpr Schema Integer(std::string_view description, std::string_view example,
                         int64_t min = std::numeric_limits<int64_t>::min(),
                         int64_t max = std::numeric_limits<int64_t>::max()) {
  Schema schema = {.type = SchemaType::kInteger,
                   .description = description,
                   .format = "int64",
                   .example = example};
  if (min != std::numeric_limits<int64_t>::min()) schema.min = min;
  if (max != std::numeric_limits<int64_t>::max()) schema.max = max;
  return schema;
}

constexpr Schema Number(std::string_view description,
                        std::string_view example) {
  return {.type = SchemaType::kNumber,
          .description = description,
          .example = example};
}

constexpr Schema Boolean(std::string_view description,
                         std::string_view example) {
  return {.type = SchemaType::kBoolean,
          .description = description,
          .example = example};
}

// A time in RFC 3339.
constexpr Schema Time(std::string_view description,
                      std::string_view example = "2016-01-01T19:08:05Z") {
  return {
      .description = description, .format = "date-time", .example = example};
}

// The uid of a stack or server.
constexpr Schema Uid(
    std::string_view description,
    std::string_view example = "5999b763474b0eafa5fafb64bff0ba80") {
  return {.description = description,
          .pattern = "^[0-9a-f]{32}$",
          .example = example};
}

constexpr Schema Array(std::string_view description, const Schema& items) {
  return {
      .type = SchemaType::kArray, .description = description, .items = &items};
}

constexpr Schema ArrayOfOne(std::string_view description, const Schema& items) {
  Schema schema = Array(description, items);
  schema.min = 1;
  schema.max = 1;
  return schema;
}

// An object with any keys.
constexpr Schema Map(std::string_view description, const Schema& values,
                     std::string_view example) {
  return {.type = SchemaType::kObject,
          .description = description,
          .items = &values,
          .example = example};
}

// Any object.
constexpr Schema AnyObject(std::string_view description,
                           std::string_view example) {
  return {.type = SchemaType::kObject,
          .description = description,
          .example = example};
}

// An object with these members and no others.
constexpr Schema Object(std::string_view name, std::string_view description,
                        absl::Span<const Field> fields) {
  return {.type = SchemaType::kObject,
          .name = name,
          .description = description,
          .fields = fields};
}

// `schema` itself, which another object describes.
constexpr Schema Ref(const Schema& schema, std::string_view description = {}) {
  return {.type = SchemaType::kReference,
          .description = description,
          .items = &schema};
}

constexpr Schema OrNull(Schema schema) {
  schema.is_nullable = true;
  return schema;
}

// A string that has one of the values of an array of constants.
template <const auto& Values>
absl::Span<const std::string_view> ConstantValues() {
  return Values;
}
// The same for the names of an enumeration, by the function from which the
// program gets them.
template <auto NameOf, auto First, auto Last>
absl::Span<const std::string_view> EnumNames() {
  using Enum = decltype(First);
  static constexpr size_t kSize =
      static_cast<size_t>(Last) - static_cast<size_t>(First) + 1;
  static const std::array<std::string_view, kSize>& names = *[] {
    auto* const made = new std::array<std::string_view, kSize>;
    for (size_t i = 0; i < kSize; ++i) {
      (*made)[i] = NameOf(static_cast<Enum>(static_cast<size_t>(First) + i));
    }
    return made;
  }();
  return names;
}

constexpr Schema OneOf(absl::Span<const std::string_view> (*values)(),
                       Schema schema) {
  schema.values = values;
  return schema;
}

// Two schemas of which a value has exactly one; examples are of the first.
constexpr Schema Either(const Schema& first, const Schema& second,
                        std::string_view description = {}) {
  return {.type = SchemaType::kEither,
          .description = description,
          .items = &first,
          .other = &second};
}

constexpr Schema WithDefault(std::string_view value, Schema schema) {
  schema.default_value = value;
  return schema;
}

// "name, environment, procfile": the members of an object, for messages.
std::string FieldNames(const Schema& object);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_DESCRIPTION_SCHEMA_H_
