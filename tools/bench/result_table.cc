#include "tools/bench/result_table.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "tools/bench/statistics.h"

namespace tallyman::bench {
namespace {

constexpr size_t kColumns = 9;
using Cells = std::array<std::string, kColumns>;

const Cells& Head() {
  static const auto& head =
      *new Cells{"what",  "against", "unit",   "measured", "beside",
                 "ratio", "spread",  "target", ""};
  return head;
}

// Numbers.
constexpr std::array<bool, kColumns> kRightAligned = {
    false, false, false, true, true, true, true, true, false};

bool Misses(const Target& target, double value) {
  return target.kind == Target::Kind::kAtMost ? value > target.value
                                              : value < target.value;
}

std::string ShowTarget(const Target& target) {
  return absl::StrCat(target.kind == Target::Kind::kAtMost ? "<= " : ">= ",
                      target.value);
}

std::string ShowRatio(double ratio) {
  if (ratio >= 10) return absl::StrFormat("%.1f", ratio);
  return ratio < 0.1 ? absl::StrFormat("%.3f", ratio)
                     : absl::StrFormat("%.2f", ratio);
}

Cells CellsOf(const Row& row) {
  Cells cells = {row.what, row.against, row.unit};
  if (row.target) cells[7] = ShowTarget(*row.target);
  const std::optional<Outcome> outcome = Evaluate(row);
  if (!outcome) {
    cells[8] = absl::StrCat("-- ", row.note);
    return cells;
  }
  cells[3] = ShowNumber(outcome->measured);
  if (outcome->beside) cells[4] = ShowNumber(*outcome->beside);
  if (outcome->ratio) cells[5] = ShowRatio(*outcome->ratio);
  if (row.measured.size() > 1) {
    const auto show = outcome->ratio ? ShowRatio : ShowNumber;
    cells[6] = absl::StrCat(show(outcome->low), " .. ", show(outcome->high));
  }
  if (row.target) cells[8] = outcome->missed ? "MISSED" : "ok";
  if (!row.note.empty()) {
    absl::StrAppend(&cells[8], cells[8].empty() ? "" : "; ", row.note);
  }
  return cells;
}

void AppendAligned(const Cells& cells,
                   const std::array<size_t, kColumns>& widths,
                   std::string& text) {
  std::string line;
  for (size_t i = 0; i < kColumns; ++i) {
    const int width = static_cast<int>(widths[i]);
    absl::StrAppend(&line, i == 0 ? "  " : "  ",
                    kRightAligned[i]
                        ? absl::StrFormat("%*s", width, cells[i])
                        : absl::StrFormat("%-*s", width, cells[i]));
  }
  absl::StripTrailingAsciiWhitespace(&line);
  absl::StrAppend(&text, line, "\n");
}

void AppendMarkdown(const Cells& cells, std::string& text) {
  absl::StrAppend(&text, "|");
  for (const std::string& cell : cells) {
    absl::StrAppend(&text, " ", absl::StrReplaceAll(cell, {{"|", "\\|"}}),
                    cell.empty() ? "|" : " |");
  }
  absl::StrAppend(&text, "\n");
}

}  // namespace

std::optional<Outcome> Evaluate(const Row& row) {
  if (row.measured.empty()) return std::nullopt;
  Outcome outcome = {.measured = Median(row.measured)};
  std::vector<double> judged = row.measured;
  if (!row.beside.empty()) {
    outcome.beside = Median(row.beside);
    judged.clear();
    for (size_t i = 0; i < row.measured.size() && i < row.beside.size(); ++i) {
      const double above = row.times_faster ? row.beside[i] : row.measured[i];
      const double below = row.times_faster ? row.measured[i] : row.beside[i];
      // 0: too short to be measured.
      if (below > 0) judged.push_back(above / below);
    }
    if (judged.empty()) return std::nullopt;
    outcome.ratio = Median(judged);
  }
  outcome.low = *std::min_element(judged.begin(), judged.end());
  outcome.high = *std::max_element(judged.begin(), judged.end());
  if (row.target) {
    outcome.missed =
        Misses(*row.target, outcome.ratio.value_or(outcome.measured));
  }
  return outcome;
}

std::optional<TableFormat> ParseTableFormat(std::string_view name) {
  if (name == "table") return TableFormat::kTable;
  if (name == "markdown") return TableFormat::kMarkdown;
  return std::nullopt;
}

void ResultTable::BeginSection(std::string title) {
  sections_.push_back({.title = std::move(title)});
}

void ResultTable::Add(Row row) {
  if (sections_.empty()) sections_.emplace_back();
  sections_.back().rows.push_back(std::move(row));
}

int ResultTable::MissedTargets() const {
  int missed = 0;
  for (const Section& section : sections_) {
    for (const Row& row : section.rows) {
      const std::optional<Outcome> outcome = Evaluate(row);
      if (outcome && outcome->missed) ++missed;
    }
  }
  return missed;
}

int ResultTable::UnmeasuredTargets() const {
  int unmeasured = 0;
  for (const Section& section : sections_) {
    for (const Row& row : section.rows) {
      if (row.target && !Evaluate(row)) ++unmeasured;
    }
  }
  return unmeasured;
}

void ResultTable::AddFootnote(std::string line) {
  footnotes_.push_back(std::move(line));
}

std::string ResultTable::Render(TableFormat format) const {
  switch (format) {
    case TableFormat::kTable:
      return RenderTable();
    case TableFormat::kMarkdown:
      return RenderMarkdown();
  }
  return "";
}

std::string ResultTable::RenderTable() const {
  std::array<size_t, kColumns> widths = {};
  const auto widen = [&](const Cells& cells) {
    for (size_t i = 0; i < kColumns; ++i) {
      widths[i] = std::max(widths[i], cells[i].size());
    }
  };
  widen(Head());
  for (const Section& section : sections_) {
    for (const Row& row : section.rows) widen(CellsOf(row));
  }
  std::string text;
  AppendAligned(Head(), widths, text);
  for (const Section& section : sections_) {
    absl::StrAppend(&text, "\n", section.title, "\n");
    for (const Row& row : section.rows) {
      AppendAligned(CellsOf(row), widths, text);
    }
  }
  if (!footnotes_.empty()) absl::StrAppend(&text, "\n");
  for (const std::string& line : footnotes_) absl::StrAppend(&text, line, "\n");
  return text;
}

std::string ResultTable::RenderMarkdown() const {
  std::string text;
  AppendMarkdown(Head(), text);
  absl::StrAppend(&text, "|");
  for (const bool is_right : kRightAligned) {
    absl::StrAppend(&text, is_right ? " ---: |" : " --- |");
  }
  absl::StrAppend(&text, "\n");
  for (const Section& section : sections_) {
    AppendMarkdown({absl::StrCat("**", section.title, "**")}, text);
    for (const Row& row : section.rows) AppendMarkdown(CellsOf(row), text);
  }
  for (const std::string& line : footnotes_) {
    absl::StrAppend(&text, "\n", line, "\n");
  }
  return text;
}

}  // namespace tallyman::bench
