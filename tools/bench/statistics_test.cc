#include "tools/bench/statistics.h"

#include <vector>

#include "gtest/gtest.h"

namespace tallyman::bench {
namespace {

TEST(MedianTest, IsTheMiddleInAnyOrder) {
  EXPECT_EQ(Median({5}), 5);
  EXPECT_EQ(Median({9, 1, 5}), 5);
}

TEST(MedianTest, IsTheMeanOfTheMiddleTwo) {
  EXPECT_EQ(Median({9, 1, 4, 6}), 5);
}

TEST(PercentileTest, IsASample) {
  EXPECT_EQ(Percentile({3, 1, 2}, 0.99), 3);
  EXPECT_EQ(Percentile({3, 1, 2}, 0.5), 2);
  std::vector<double> hundred;
  for (int i = 100; i > 0; --i) hundred.push_back(i);
  EXPECT_EQ(Percentile(hundred, 0.99), 99);
  EXPECT_EQ(Percentile({7}, 0.01), 7);
}

TEST(ShowNumberTest, HasAboutFourDigits) {
  EXPECT_EQ(ShowNumber(0.12345), "0.123");
  EXPECT_EQ(ShowNumber(12.345), "12.35");
  EXPECT_EQ(ShowNumber(123.45), "123.5");
  EXPECT_EQ(ShowNumber(12), "12");
}

}  // namespace
}  // namespace tallyman::bench
