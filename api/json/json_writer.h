// Writes JSON text (RFC 8259) in one pass, straight into a string.
//
//   std::string out;
//   JsonWriter json(out);
//   json.BeginObject();
//   json.Key("pid");
//   json.Int(42);
//   json.EndObject();  // out is {"pid":42}

#ifndef TALLYMAN_API_JSON_JSON_WRITER_H_
#define TALLYMAN_API_JSON_JSON_WRITER_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace tallyman::api {

// Appends values to a string, which must outlive the writer, with commas
// between them. Does not check that the calls nest properly. Not thread-safe.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  void BeginObject() { Begin('{'); }
  void EndObject() { End('}'); }
  void BeginArray() { Begin('['); }
  void EndArray() { End(']'); }

  // The key of the next value. Not escaped: `key` must be plain text.
  void Key(std::string_view key) {
    Separate();
    out_.push_back('"');
    out_.append(key);
    out_.append("\":");
    needs_comma_ = false;
  }

  // Accepts any bytes, since processes choose their names. Invalid UTF-8
  // becomes U+FFFD, one for each maximal subpart (the Unicode Standard,
  // section 3.9).
  void String(std::string_view bytes);
  void Int(int64_t value);
  // The shortest decimal text that parses to `value`, which must be finite.
  void Double(double value);
  void Bool(bool value) { Literal(value ? "true" : "false"); }
  void Null() { Literal("null"); }

 private:
  void Separate() {
    if (needs_comma_) out_.push_back(',');
    needs_comma_ = true;
  }
  void Begin(char bracket) {
    Separate();
    out_.push_back(bracket);
    needs_comma_ = false;
  }
  void End(char bracket) {
    out_.push_back(bracket);
    needs_comma_ = true;
  }
  void Literal(std::string_view text) {
    Separate();
    out_.append(text);
  }

  std::string& out_;
  bool needs_comma_ = false;
};

}  // namespace tallyman::api

#endif  // TALLYMAN_API_JSON_JSON_WRITER_H_
