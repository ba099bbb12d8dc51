#include "tally/processes/arrange.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "tally/processes/process_record.h"

namespace tallyman::tally {
namespace {

constexpr size_t kMaxGuides = 12;

// A record with its place in the order and in the tree.
struct Node {
  ProcessRecord* record = nullptr;
  double number = kUnknownShare;
  std::string text = {};
  Node* parent = nullptr;
  std::vector<Node*> children = {};
  bool is_shown = false;  // It matches, or a descendant does.
};

double AddKnown(double a, double b) {
  if (std::isnan(a)) return b;
  return std::isnan(b) ? a : a + b;
}

void ReadKey(const Arrangement& arrangement, Node& node) {
  const std::string& key = arrangement.order.key;
  const ProcessRecord& record = *node.record;
  if (key == "cpu") {
    node.number = arrangement.is_tree ? record.cpu_sum : record.cpu;
  } else if (key == "memory" && arrangement.is_tree) {
    node.number = static_cast<double>(record.memory_sum);
  } else if (key == "age" || key == "start_time") {
    const absl::Time start = StartOf(record);
    if (start == absl::InfinitePast()) return;
    const double seconds = absl::ToDoubleSeconds(start - absl::UnixEpoch());
    node.number = key == "age" ? -seconds : seconds;
  } else {
    node.number = NumberOf(record, key);
    node.text = absl::AsciiStrToLower(TextOf(record, key));
  }
}

// True if `a` stands before `b`.
bool StandsBefore(const Node* a, const Node* b, bool descending) {
  const bool a_is_known = !std::isnan(a->number) || !a->text.empty();
  const bool b_is_known = !std::isnan(b->number) || !b->text.empty();
  if (a_is_known != b_is_known) return a_is_known;
  if (a_is_known && (a->number != b->number && !std::isnan(a->number) &&
                     !std::isnan(b->number))) {
    return (a->number < b->number) != descending;
  }
  if (a->text != b->text) return (a->text < b->text) != descending;
  if (a->record->memory_sum != b->record->memory_sum) {
    return a->record->memory_sum > b->record->memory_sum;
  }
  return IntegerOf(*a->record, "pid") < IntegerOf(*b->record, "pid");
}

// Finds the parents; the result has parents before their children.
std::vector<Node*> LinkTree(std::vector<Node>& nodes) {
  absl::flat_hash_map<int64_t, Node*> by_pid;
  for (Node& node : nodes) by_pid[IntegerOf(*node.record, "pid")] = &node;
  for (Node& node : nodes) {
    const int64_t parent = IntegerOf(*node.record, "ppid");
    const auto found = by_pid.find(parent);
    if (parent <= 0 || found == by_pid.end() || found->second == &node) {
      continue;
    }
    node.parent = found->second;
    node.parent->children.push_back(&node);
  }
  std::vector<Node*> ordered;
  ordered.reserve(nodes.size());
  const auto add_descendants = [&ordered](size_t from) {
    for (size_t i = from; i < ordered.size(); ++i) {
      for (Node* const child : ordered[i]->children) ordered.push_back(child);
    }
  };
  for (Node& node : nodes) {
    if (node.parent == nullptr) ordered.push_back(&node);
  }
  add_descendants(0);
  if (ordered.size() == nodes.size()) return ordered;
  // Parents in a circle: pids that were used again during a scan. One of each
  // circle becomes a root.
  absl::flat_hash_map<const Node*, bool> reached;
  for (const Node* const node : ordered) reached[node] = true;
  for (Node& node : nodes) {
    if (reached.contains(&node)) continue;
    std::vector<Node*>& siblings = node.parent->children;
    siblings.erase(std::find(siblings.begin(), siblings.end(), &node));
    node.parent = nullptr;
    const size_t from = ordered.size();
    ordered.push_back(&node);
    add_descendants(from);
    for (size_t i = from; i < ordered.size(); ++i) reached[ordered[i]] = true;
  }
  return ordered;
}

void SumUp(const std::vector<Node*>& ordered) {
  for (auto node = ordered.rbegin(); node != ordered.rend(); ++node) {
    Node* const parent = (*node)->parent;
    if (parent == nullptr) continue;
    parent->record->memory_sum += (*node)->record->memory_sum;
    parent->record->cpu_sum =
        AddKnown(parent->record->cpu_sum, (*node)->record->cpu_sum);
    parent->is_shown = parent->is_shown || (*node)->is_shown;
  }
}

// The guides of a child below `parent`.
std::string GuidesOf(const Node& parent, bool is_last) {
  std::string guides = parent.record->guides;
  if (!guides.empty()) {
    char& own = guides.back();
    own = own == '+' ? '|' : ' ';
  }
  guides.push_back(is_last ? '`' : '+');
  if (guides.size() > kMaxGuides) guides.erase(0, guides.size() - kMaxGuides);
  return guides;
}

std::vector<const ProcessRecord*> Flatten(std::vector<Node*> roots,
                                          size_t limit) {
  std::vector<const ProcessRecord*> rows;
  std::reverse(roots.begin(), roots.end());
  while (!roots.empty() && (limit == 0 || rows.size() < limit)) {
    const Node* const node = roots.back();
    roots.pop_back();
    rows.push_back(node->record);
    const std::vector<Node*>& children = node->children;
    for (size_t i = children.size(); i-- > 0;) {
      children[i]->record->guides = GuidesOf(*node, i + 1 == children.size());
      roots.push_back(children[i]);
    }
  }
  return rows;
}

}  // namespace

ProcessOrder ParseOrder(std::string_view text) {
  const bool descending = absl::ConsumePrefix(&text, "-");
  return {.key = std::string(text), .descending = descending};
}

std::vector<std::string> FieldsOf(const ProcessOrder& order) {
  if (order.key == "cpu") return {"cpu_seconds", "start_time"};
  if (order.key == "age") return {"start_time"};
  return {order.key};
}

std::vector<const ProcessRecord*> Arrange(std::vector<ProcessRecord>& records,
                                          const Arrangement& arrangement) {
  std::vector<Node> nodes(records.size());
  for (size_t i = 0; i < records.size(); ++i) {
    ProcessRecord& record = records[i];
    record.is_match = arrangement.filter.Matches(record);
    record.memory_sum = std::max<int64_t>(0, IntegerOf(record, "memory"));
    record.cpu_sum = record.cpu;
    record.guides.clear();
    nodes[i].record = &record;
    nodes[i].is_shown = record.is_match;
  }
  if (arrangement.is_tree) SumUp(LinkTree(nodes));
  std::vector<Node*> sorted;
  for (Node& node : nodes) {
    if (node.is_shown) sorted.push_back(&node);
  }
  if (!arrangement.is_sorted) {
    for (Node* const node : sorted) ReadKey(arrangement, *node);
    std::sort(sorted.begin(), sorted.end(),
              [descending = arrangement.order.descending](const Node* a,
                                                          const Node* b) {
                return StandsBefore(a, b, descending);
              });
  }
  if (!arrangement.is_tree) {
    return Flatten(std::move(sorted), arrangement.limit);
  }
  for (Node& node : nodes) node.children.clear();
  std::vector<Node*> roots;
  for (Node* const node : sorted) {
    (node->parent == nullptr ? roots : node->parent->children).push_back(node);
  }
  return Flatten(std::move(roots), arrangement.limit);
}

}  // namespace tallyman::tally
