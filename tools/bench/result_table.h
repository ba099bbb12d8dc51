// Measured values beside others and beside their targets, as one table.

#ifndef TALLYMAN_TOOLS_BENCH_RESULT_TABLE_H_
#define TALLYMAN_TOOLS_BENCH_RESULT_TABLE_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tallyman::bench {

// What a row is held against: the ratio, or the value where there is none.
struct Target {
  enum class Kind { kAtMost, kAtLeast };
  Kind kind = Kind::kAtMost;
  double value = 0;
};

inline Target AtMost(double value) { return {Target::Kind::kAtMost, value}; }
inline Target AtLeast(double value) { return {Target::Kind::kAtLeast, value}; }

struct Row {
  std::string what;
  std::string unit;  // Of `measured` and `beside`.
  // One value a repetition. Empty: it could not be measured, and `note` says
  // why.
  std::vector<double> measured;

  // What it is compared with, taken in the same repetitions; "" and empty if
  // with nothing. The ratio is measured / beside, or the inverse.
  std::string against;
  std::vector<double> beside;
  bool times_faster = false;

  std::optional<Target> target;
  std::string note;
};

// What a row comes to. The ratio is the median of the ratios of the single
// repetitions, which is not quite the ratio of the medians: whatever slows the
// machine down for a while slows both of a repetition.
struct Outcome {
  double measured = 0;
  std::optional<double> beside;
  std::optional<double> ratio;
  // Smallest and largest ratio of a repetition; or value, if there is no ratio.
  double low = 0;
  double high = 0;
  bool missed = false;  // Its target.
};

// Nullopt if nothing was measured.
std::optional<Outcome> Evaluate(const Row& row);

enum class TableFormat { kTable, kMarkdown, kJson };

// "table", "markdown", "json"; nullopt for any other.
std::optional<TableFormat> ParseTableFormat(std::string_view name);

// Rows in sections, all in the order in which they were added. Not
// thread-safe.
//
//   ResultTable table;
//   table.BeginSection("listing, 1,000 more processes");
//   table.Add({.what = "kept descriptors", .unit = "ms", .measured = {7.9},
//              .against = "floor", .beside = {7.4}, .target = AtMost(1.15)});
//   std::cout << table.Render(TableFormat::kTable);
class ResultTable {
 public:
  // Later rows belong to it.
  void BeginSection(std::string title);
  void Add(Row row);

  // How many rows miss their target. What was not measured misses none.
  int MissedTargets() const;
  // How many rows with a target were not measured.
  int UnmeasuredTargets() const;

  // Lines about the run (where, when, which versions), shown below the rows.
  void AddFootnote(std::string line);

  // Ends with a line end. kTable is aligned for a terminal and marks missed
  // targets; kMarkdown is one table too; kJson is an object with "rows", which
  // have all samples, and "footnotes".
  std::string Render(TableFormat format) const;

 private:
  struct Section {
    std::string title;
    std::vector<Row> rows;
  };

  std::string RenderTable() const;
  std::string RenderMarkdown() const;
  std::string RenderJson() const;

  std::vector<Section> sections_;
  std::vector<std::string> footnotes_;
};

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_RESULT_TABLE_H_
