#include "api/description/schema_json.h"

#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "api/description/schema.h"
#include "nlohmann/json.hpp"

namespace tallyman::api {
namespace {

using Json = nlohmann::ordered_json;

std::string_view TypeName(SchemaType type) {
  switch (type) {
    case SchemaType::kInteger:
      return "integer";
    case SchemaType::kNumber:
      return "number";
    case SchemaType::kBoolean:
      return "boolean";
    case SchemaType::kArray:
      return "array";
    case SchemaType::kObject:
      return "object";
    default:
      return "string";
  }
}

void WriteRange(const Schema& schema, Json& json) {
  std::string_view min = "minimum";
  std::string_view max = "maximum";
  if (schema.type == SchemaType::kString) {
    min = "minLength";
    max = "maxLength";
  } else if (schema.type == SchemaType::kArray) {
    min = "minItems";
    max = "maxItems";
  }
  if (schema.min) json[std::string(min)] = *schema.min;
  if (schema.max) json[std::string(max)] = *schema.max;
}

}  // namespace

Json SchemaWriter::Write(const Schema& schema) {
  if (schema.name.empty()) return WriteHere(schema);
  const std::string name(schema.name);
  if (!named_.contains(name)) {
    named_[name] = nullptr;  // Its place, also if it refers to itself.
    named_[name] = WriteHere(schema);
  }
  return Json::object({{"$ref", absl::StrCat("#/components/schemas/", name)}});
}

Json SchemaWriter::WriteHere(const Schema& schema) {
  Json json = Json::object();
  if (schema.type == SchemaType::kReference) json = Write(*schema.items);
  if (!schema.description.empty()) json["description"] = schema.description;
  if (schema.type == SchemaType::kReference) return json;
  if (schema.type == SchemaType::kEither) {
    json["oneOf"] = {Write(*schema.items), Write(*schema.other)};
    return json;
  }
  const std::string_view type = TypeName(schema.type);
  if (schema.is_nullable) {
    json["type"] = {type, "null"};
  } else {
    json["type"] = type;
  }
  if (!schema.format.empty()) json["format"] = schema.format;
  if (!schema.pattern.empty()) json["pattern"] = schema.pattern;
  WriteRange(schema, json);
  if (schema.values != nullptr) {
    Json values = Json::array();
    for (const std::string_view value : schema.values()) {
      values.push_back(value);
    }
    if (schema.is_nullable) values.push_back(nullptr);
    json["enum"] = std::move(values);
  }
  if (!schema.default_value.empty()) {
    json["default"] = ValueOf(schema, schema.default_value);
  }
  if (schema.type == SchemaType::kArray) json["items"] = Write(*schema.items);
  if (schema.type == SchemaType::kObject) WriteObject(schema, json);
  return json;
}

void SchemaWriter::WriteObject(const Schema& schema, Json& json) {
  if (schema.items != nullptr) {
    json["additionalProperties"] = Write(*schema.items);
    return;
  }
  if (schema.fields.empty()) return;
  Json required = Json::array();
  Json properties = Json::object();
  for (const Field& field : schema.fields) {
    properties[std::string(field.name)] = Write(field.schema);
    if (field.is_required) required.push_back(field.name);
  }
  if (!required.empty()) json["required"] = std::move(required);
  json["properties"] = std::move(properties);
  json["additionalProperties"] = false;
}

Json ExampleOf(const Schema& schema) {
  switch (schema.type) {
    case SchemaType::kReference:
    case SchemaType::kEither:
      return ExampleOf(*schema.items);
    case SchemaType::kArray:
      if (schema.max && *schema.max == 0) return Json::array();
      return Json::array({ExampleOf(*schema.items)});
    case SchemaType::kObject: {
      if (schema.fields.empty()) return Json::parse(schema.example);
      Json object = Json::object();
      for (const Field& field : schema.fields) {
        object[std::string(field.name)] = ExampleOf(field.schema);
      }
      return object;
    }
    default:
      return ValueOf(schema, schema.example);
  }
}

Json ValueOf(const Schema& schema, std::string_view text) {
  if (schema.is_nullable && text == "null") return nullptr;
  if (schema.type == SchemaType::kString) return text;
  if (schema.type == SchemaType::kArray) {
    return Json::array({ValueOf(*schema.items, text)});
  }
  return Json::parse(text);
}

}  // namespace tallyman::api
