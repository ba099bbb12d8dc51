#include <cstddef>
#include <cstdint>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "platform/base/text.h"
#include "tally/import/config_tree.h"
#include "tally/import/draft.h"

namespace tallyman::tally {
namespace {

constexpr size_t kMaxDepth = 200;

// Iterates over bytes and counts the lines of those that were passed. The
// library gives no positions to handlers of its events, but it reads at most
// one byte ahead of them.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, int* line) : at_(at), line_(line) {}

  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    if (*at_ == '\n') ++*line_;
    ++at_;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator old = *this;
    ++*this;
    return old;
  }
  bool operator==(const CountingIterator& other) const {
    return at_ == other.at_;
  }

 private:
  const char* at_;
  int* line_;
};

// Builds the tree from the events of the parser, which stops at the first
// false.
class TreeBuilder : public nlohmann::json_sax<nlohmann::json> {
 public:
  TreeBuilder(std::string_view file, const int* line)
      : file_(file), line_(line) {}

  const absl::Status& status() const { return status_; }
  ConfigValue Take() { return std::move(root_); }

  bool null() override { return Add({.line = *line_}); }
  bool boolean(bool value) override {
    return AddScalar(value ? "true" : "false", false);
  }
  bool number_integer(int64_t value) override {
    return AddScalar(absl::StrCat(value), false);
  }
  bool number_unsigned(uint64_t value) override {
    return AddScalar(absl::StrCat(value), false);
  }
  bool number_float(double /*value*/, const std::string& text) override {
    return AddScalar(text, false);
  }
  bool string(std::string& value) override {
    return AddScalar(std::move(value), true);
  }
  bool binary(nlohmann::json::binary_t& /*value*/) override {
    return Fail("has binary values");
  }
  bool start_object(size_t /*size*/) override {
    return Begin(ConfigValue::Kind::kMap);
  }
  bool key(std::string& value) override {
    Open& open = open_.back();
    if (!open.keys.insert(value).second) {
      return Fail(
          absl::StrCat("the key ", base::Quote(value), " is there twice"));
    }
    open.value.members.push_back({.key = std::move(value), .line = *line_});
    return true;
  }
  bool end_object() override { return End(); }
  bool start_array(size_t /*size*/) override {
    return Begin(ConfigValue::Kind::kList);
  }
  bool end_array() override { return End(); }
  bool parse_error(size_t /*position*/, const std::string& last_token,
                   const nlohmann::json::exception& /*error*/) override {
    return Fail(absl::StrCat("is not JSON at ", base::Quote(last_token)));
  }

 private:
  struct Open {
    ConfigValue value;
    std::set<std::string> keys;
  };

  bool Fail(std::string_view reason) {
    if (status_.ok()) status_ = InvalidAt(file_, *line_, reason);
    return false;
  }

  bool Begin(ConfigValue::Kind kind) {
    if (open_.size() >= kMaxDepth) return Fail("the values nest too deeply");
    open_.push_back({.value = {.kind = kind, .line = *line_}});
    return true;
  }

  bool End() {
    ConfigValue value = std::move(open_.back().value);
    open_.pop_back();
    return Add(std::move(value));
  }

  bool AddScalar(std::string text, bool is_quoted) {
    // A number ends where the next byte is none, which may be a newline.
    const int line = open_.empty() || open_.back().value.is_list()
                         ? *line_
                         : open_.back().value.members.back().line;
    return Add({.kind = ConfigValue::Kind::kScalar,
                .line = line,
                .is_quoted = is_quoted,
                .scalar = std::move(text)});
  }

  bool Add(ConfigValue value) {
    if (++count_ > kMaxConfigValues) return Fail("there are too many values");
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (ConfigValue& parent = open_.back().value; parent.is_list()) {
      parent.items.push_back(std::move(value));
    } else {
      parent.members.back().value = std::move(value);
    }
    return true;
  }

  const std::string file_;
  const int* const line_;
  absl::Status status_;
  size_t count_ = 0;
  std::vector<Open> open_;
  ConfigValue root_;
};

}  // namespace

absl::StatusOr<ConfigTree> ParseJson(std::string_view file,
                                     std::string_view text) {
  int line = 1;
  TreeBuilder builder(file, &line);
  nlohmann::json::sax_parse(CountingIterator(text.data(), &line),
                            CountingIterator(text.data() + text.size(), &line),
                            &builder, nlohmann::json::input_format_t::json,
                            /*strict=*/true,
                            /*ignore_comments=*/true);
  if (!builder.status().ok()) return builder.status();
  return ConfigTree{.root = builder.Take()};
}

}  // namespace tallyman::tally
