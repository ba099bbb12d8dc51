#include "server/testing/metrics_text.h"

#include <cstddef>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace tallyman::server {
namespace {

bool IsName(std::string_view name, bool may_have_colon) {
  if (name.empty() ||
      absl::ascii_isdigit(static_cast<unsigned char>(name[0]))) {
    return false;
  }
  for (const char c : name) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '_' &&
        !(may_have_colon && c == ':')) {
      return false;
    }
  }
  return true;
}

// Reads `name="value"` at the beginning of `text` and removes it.
std::optional<std::pair<std::string, std::string>> ConsumeLabel(
    std::string_view& text) {
  const size_t equals = text.find("=\"");
  if (equals == std::string_view::npos) return std::nullopt;
  std::pair<std::string, std::string> label(text.substr(0, equals), "");
  if (!IsName(label.first, /*may_have_colon=*/false)) return std::nullopt;
  for (size_t i = equals + 2; i < text.size(); ++i) {
    char c = text[i];
    if (c == '"') {
      text.remove_prefix(i + 1);
      return label;
    }
    if (c == '\\') {
      if (++i == text.size()) break;
      c = text[i] == 'n' ? '\n' : text[i];
      if (text[i] != 'n' && c != '"' && c != '\\') return std::nullopt;
    }
    label.second.push_back(c);
  }
  return std::nullopt;
}

// The labels without `le`: those of a histogram.
std::string HistogramOf(const MetricSample& sample) {
  std::string key;
  for (const auto& [name, value] : sample.labels) {
    if (name != "le") absl::StrAppend(&key, name, "=", value, "\n");
  }
  return key;
}

}  // namespace

MetricsText::MetricsText(std::string_view text, bool is_open_metrics)
    : is_open_metrics_(is_open_metrics) {
  if (is_open_metrics && !absl::ConsumeSuffix(&text, "# EOF\n")) {
    error_ = "does not end with # EOF";
    return;
  }
  if (!absl::ConsumeSuffix(&text, "\n")) {
    error_ = "the last line has no end";
    return;
  }
  for (const std::string_view line : absl::StrSplit(text, '\n')) {
    if (std::string why = ReadLine(line); !why.empty()) {
      error_ = absl::StrCat(why, ": ", line);
      return;
    }
  }
  error_ = CheckHistograms();
}

std::string MetricsText::ReadLine(std::string_view line) {
  if (line.empty()) return "an empty line";
  return line[0] == '#' ? ReadComment(line) : ReadSample(line);
}

std::string MetricsText::ReadComment(std::string_view line) {
  const std::vector<std::string> words =
      absl::StrSplit(line, absl::MaxSplits(' ', 3));
  if (words.size() != 4 || words[0] != "#") return "neither HELP nor TYPE";
  if (!IsName(words[2], /*may_have_colon=*/true)) return "no name of a metric";
  if (words[1] == "HELP") {
    family_ = words[2];
    return families_.try_emplace(family_).second ? "" : "a second HELP";
  }
  if (words[1] != "TYPE") return "neither HELP nor TYPE";
  if (words[2] != family_) return "TYPE without HELP";
  Family& family = families_[family_];
  if (!family.type.empty()) return "a second TYPE";
  family.type = words[3];
  std::set<std::string> types = {"counter", "gauge", "histogram"};
  if (is_open_metrics_) types.insert("info");
  if (!types.contains(family.type)) return "an unknown type";
  const bool has_total = family_.ends_with("_total");
  if (has_total != (family.type == "counter" && !is_open_metrics_)) {
    return "the suffix _total contradicts the type";
  }
  return "";
}

std::string MetricsText::ReadSample(std::string_view line) {
  MetricSample sample;
  const size_t end = line.find_first_of("{ ");
  if (end == std::string_view::npos) return "no value";
  sample.name = line.substr(0, end);
  line.remove_prefix(end);
  if (absl::ConsumePrefix(&line, "{")) {
    do {
      auto label = ConsumeLabel(line);
      if (!label) return "a malformed label";
      if (!sample.labels.insert(*std::move(label)).second) {
        return "a label twice";
      }
    } while (absl::ConsumePrefix(&line, ","));
    if (!absl::ConsumePrefix(&line, "}")) return "labels have no end";
  }
  if (!absl::ConsumePrefix(&line, " ")) return "no value";
  if (!absl::SimpleAtod(line, &sample.value)) return "no number";
  if (std::string why = CheckName(sample); !why.empty()) return why;
  if (Value(sample.name, sample.labels)) return "a sample twice";
  samples_.push_back(std::move(sample));
  return "";
}

std::string MetricsText::CheckName(const MetricSample& sample) const {
  const auto family = families_.find(family_);
  if (family == families_.end()) return "a sample before any family";
  const std::string& type = family->second.type;
  if (type.empty()) return "no TYPE before the first sample";
  std::string_view suffix = sample.name;
  if (!absl::ConsumePrefix(&suffix, family_)) return "not of this family";
  std::set<std::string_view> suffixes = {""};
  if (type == "counter" && is_open_metrics_) suffixes = {"_total"};
  if (type == "info") suffixes = {"_info"};
  if (type == "histogram") suffixes = {"_bucket", "_sum", "_count"};
  if (!suffixes.contains(suffix)) return "a wrong suffix";
  if (sample.labels.contains("le") != (suffix == "_bucket")) {
    return "the label le is for buckets, all of them";
  }
  if (type != "gauge" && sample.value < 0) return "a negative count";
  return "";
}

std::string MetricsText::CheckHistograms() const {
  // The last bound and the number of its bucket, by name and labels.
  std::map<std::string, std::pair<double, double>> last;
  for (const MetricSample& sample : samples_) {
    if (sample.name.ends_with("_bucket")) {
      const std::string& le = sample.labels.at("le");
      double bound = 0;
      if (!absl::SimpleAtod(le, &bound)) return absl::StrCat("le=", le);
      if (is_open_metrics_ && le != "+Inf" && le.find('.') == le.npos) {
        return absl::StrCat("le is no float: ", le);
      }
      const std::string key =
          absl::StrCat(sample.name.substr(0, sample.name.rfind('_')), "\n",
                       HistogramOf(sample));
      const auto [before, is_first] =
          last.try_emplace(key, bound, sample.value);
      if (is_first) continue;
      if (before->second.first >= bound) return "bounds do not ascend";
      if (before->second.second > sample.value) return "buckets shrink";
      before->second = {bound, sample.value};
    }
  }
  for (const auto& [key, bucket] : last) {
    if (bucket.first != std::numeric_limits<double>::infinity()) {
      return absl::StrCat("no bucket +Inf: ", key);
    }
    bool has_count = false;
    for (const MetricSample& sample : samples_) {
      if (!sample.name.ends_with("_count")) continue;
      const std::string of =
          absl::StrCat(sample.name.substr(0, sample.name.rfind('_')), "\n",
                       HistogramOf(sample));
      has_count = has_count || (of == key && sample.value == bucket.second);
    }
    if (!has_count) return absl::StrCat("_count is not that of +Inf: ", key);
  }
  return "";
}

std::optional<double> MetricsText::Value(std::string_view name,
                                         const LabelMap& labels) const {
  for (const MetricSample& sample : samples_) {
    if (sample.name == name && sample.labels == labels) return sample.value;
  }
  return std::nullopt;
}

std::vector<MetricSample> MetricsText::WithLabel(std::string_view label,
                                                 std::string_view value) const {
  std::vector<MetricSample> found;
  for (const MetricSample& sample : samples_) {
    const auto at = sample.labels.find(label);
    if (at != sample.labels.end() && at->second == value) {
      found.push_back(sample);
    }
  }
  return found;
}

}  // namespace tallyman::server
