// Reads metrics as a scraper does, for tests: refuses what Prometheus and
// OpenMetrics refuse, and what promtool's linter complains about.
//
//   const MetricsText metrics(response.body, /*is_open_metrics=*/false);
//   EXPECT_EQ(metrics.error(), "");
//   EXPECT_EQ(metrics.Value("tallyman_stacks"), 1);

#ifndef TALLYMAN_SERVER_TESTING_METRICS_TEXT_H_
#define TALLYMAN_SERVER_TESTING_METRICS_TEXT_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tallyman::server {

using LabelMap = std::map<std::string, std::string, std::less<>>;

struct MetricSample {
  std::string name;
  LabelMap labels;  // Without escapes.
  double value = 0;
};

// A plain value.
class MetricsText {
 public:
  MetricsText(std::string_view text, bool is_open_metrics);

  // The first rule that the text breaks, with its line; "" if it breaks none.
  const std::string& error() const { return error_; }
  const std::vector<MetricSample>& samples() const { return samples_; }

  // The value of the sample with exactly these labels; nullopt if there is
  // none.
  std::optional<double> Value(std::string_view name,
                              const LabelMap& labels = {}) const;
  // The samples that have a label with this value.
  std::vector<MetricSample> WithLabel(std::string_view label,
                                      std::string_view value) const;

 private:
  struct Family {
    std::string type;
  };

  std::string ReadLine(std::string_view line);
  std::string ReadComment(std::string_view line);
  std::string ReadSample(std::string_view line);
  std::string CheckName(const MetricSample& sample) const;
  std::string CheckHistograms() const;

  const bool is_open_metrics_;
  std::map<std::string, Family, std::less<>> families_;
  std::string family_;  // The present one.
  std::vector<MetricSample> samples_;
  std::string error_;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_TESTING_METRICS_TEXT_H_
