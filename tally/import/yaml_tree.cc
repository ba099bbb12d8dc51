// All calls of yaml-cpp, and all its exceptions, are in this file.

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "platform/base/text.h"
#include "tally/import/config_tree.h"
#include "tally/import/draft.h"
#include "yaml-cpp/emitterstyle.h"
#include "yaml-cpp/eventhandler.h"
#include "yaml-cpp/exceptions.h"
#include "yaml-cpp/mark.h"
#include "yaml-cpp/parser.h"

namespace tallyman::tally {
namespace {

constexpr size_t kMaxDepth = 200;

int LineOf(const YAML::Mark& mark) { return mark.line + 1; }

size_t CountValues(const ConfigValue& value) {
  size_t count = 1;
  for (const ConfigValue& item : value.items) count += CountValues(item);
  for (const ConfigMember& member : value.members) {
    count += CountValues(member.value);
  }
  return count;
}

size_t DepthOf(const ConfigValue& value) {
  size_t depth = 0;
  for (const ConfigValue& item : value.items) {
    depth = std::max(depth, DepthOf(item));
  }
  for (const ConfigMember& member : value.members) {
    depth = std::max(depth, DepthOf(member.value));
  }
  return depth + 1;
}

// Builds the tree from the events of the parser. The first error stays and
// makes the events behind it count for nothing.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(std::string_view file) : file_(file) {}

  const absl::Status& status() const { return status_; }
  ConfigTree Take() { return std::move(tree_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (has_document_) {
      Fail(LineOf(mark), "a second document begins; give one document");
    }
    has_document_ = true;
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Add({.line = LineOf(mark)}, anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (!status_.ok()) return;
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      return Fail(LineOf(mark), "the alias is inside of its own anchor");
    }
    const Anchored& anchored = found->second;
    count_ += anchored.count;
    if (count_ > kMaxConfigValues) {
      return Fail(LineOf(mark), "the aliases stand for too many values");
    }
    if (open_.size() + anchored.depth > kMaxDepth) {
      return Fail(LineOf(mark), "the aliases nest too deeply");
    }
    tree_.used_anchors.insert(anchored.line);
    ConfigValue copy = anchored.value;
    Put(LineOf(mark), std::move(copy));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag,
                YAML::anchor_t anchor, const std::string& value) override {
    NoteTag(mark, tag);
    // "!" is the parser's tag of a text in quotation marks or of a block.
    const bool is_null =
        tag != "!" && (value.empty() || value == "~" || value == "null" ||
                       value == "Null" || value == "NULL");
    Add({.kind =
             is_null ? ConfigValue::Kind::kNull : ConfigValue::Kind::kScalar,
         .line = LineOf(mark),
         .is_quoted = tag == "!",
         .scalar = is_null ? "" : value},
        anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag,
                       YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    Begin(mark, tag, anchor, ConfigValue::Kind::kList);
  }
  void OnSequenceEnd() override { End(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag,
                  YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    Begin(mark, tag, anchor, ConfigValue::Kind::kMap);
  }
  void OnMapEnd() override { End(); }

  void Fail(int line, std::string_view reason) {
    if (status_.ok()) status_ = InvalidAt(file_, line, reason);
  }

 private:
  struct Anchored {
    ConfigValue value;
    int line = 0;
    size_t count = 0;
    size_t depth = 0;
  };

  // A list or map that has not ended.
  struct Open {
    ConfigValue value;
    YAML::anchor_t anchor = 0;
    std::optional<ConfigMember> key;  // Of the next value of a map.
    std::vector<ConfigValue> merged;  // Values of "<<".
    std::set<std::string> keys;
  };

  void NoteTag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.size() > 1 && tag[0] == '!') tree_.tags.insert(LineOf(mark));
  }

  void Begin(const YAML::Mark& mark, const std::string& tag,
             YAML::anchor_t anchor, ConfigValue::Kind kind) {
    if (!status_.ok()) return;
    NoteTag(mark, tag);
    if (open_.size() >= kMaxDepth) {
      return Fail(LineOf(mark), "the values nest too deeply");
    }
    open_.push_back(
        {.value = {.kind = kind, .line = LineOf(mark)}, .anchor = anchor});
  }

  void End() {
    if (!status_.ok()) return;
    Open done = std::move(open_.back());
    open_.pop_back();
    for (ConfigValue& merged : done.merged) Merge(std::move(merged), done);
    if (status_.ok()) Add(std::move(done.value), done.anchor);
  }

  // https://yaml.org/type/merge.html: keys that the map has win, then those of
  // the earlier map.
  void Merge(ConfigValue from, Open& into) {
    if (from.is_list()) {
      for (ConfigValue& item : from.items) Merge(std::move(item), into);
      return;
    }
    if (!from.is_map()) {
      return Fail(into.value.line, "\"<<\" needs a map, or a list of maps");
    }
    for (ConfigMember& member : from.members) {
      if (into.keys.insert(member.key).second) {
        into.value.members.push_back(std::move(member));
      }
    }
  }

  void Add(ConfigValue value, YAML::anchor_t anchor) {
    if (!status_.ok()) return;
    if (++count_ > kMaxConfigValues) {
      return Fail(value.line, "there are too many values");
    }
    const int line = value.line;
    if (anchor != YAML::NullAnchor) {
      // Each anchor keeps a copy, so copies count as well.
      const size_t count = CountValues(value);
      count_ += count;
      anchors_[anchor] = {.value = value,
                          .line = line,
                          .count = count,
                          .depth = DepthOf(value)};
    }
    Put(line, std::move(value));
  }

  void Put(int line, ConfigValue value) {
    if (open_.empty()) {
      tree_.root = std::move(value);
      return;
    }
    Open& open = open_.back();
    if (open.value.is_list()) {
      open.value.items.push_back(std::move(value));
      return;
    }
    if (!open.key) {
      if (value.is_list() || value.is_map()) {
        return Fail(line, "a key has to be a text");
      }
      open.key = ConfigMember{
          .key = value.is_null() ? "null" : std::move(value.scalar),
          .line = line};
      return;
    }
    ConfigMember member = *std::exchange(open.key, std::nullopt);
    if (member.key == "<<") {
      open.merged.push_back(std::move(value));
      return;
    }
    if (!open.keys.insert(member.key).second) {
      return Fail(member.line, absl::StrCat("the key ", base::Quote(member.key),
                                            " is there twice"));
    }
    member.value = std::move(value);
    open.value.members.push_back(std::move(member));
  }

  const std::string file_;
  absl::Status status_;
  bool has_document_ = false;
  size_t count_ = 0;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  ConfigTree tree_;
};

}  // namespace

absl::StatusOr<ConfigTree> ParseYaml(std::string_view file,
                                     std::string_view text) {
  TreeBuilder builder(file);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (builder.status().ok() && parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    // A null mark has the line -1.
    builder.Fail(LineOf(error.mark),
                 absl::StrCat("is not YAML: ", base::Quote(error.msg, 120)));
  }
  if (!builder.status().ok()) return builder.status();
  return builder.Take();
}

}  // namespace tallyman::tally
