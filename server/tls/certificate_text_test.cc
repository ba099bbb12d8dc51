#include "server/tls/certificate_text.h"

#include <openssl/bio.h>
#include <openssl/pem.h>

#include <string>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "server/tls/openssl_pointers.h"
#include "server/tls/testing/test_certificates.h"

namespace tallyman::server {
namespace {

X509Ptr Issue(const TestCertificateOptions& options) {
  const std::string pem = TestAuthority("test").Issue(options).cert;
  const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return X509Ptr(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

TEST(SubjectOfTest, IsTheName) {
  EXPECT_EQ(SubjectOf(*Issue({.common_name = "example.org"})),
            "CN=example.org");
}

TEST(SubjectOfTest, FallsBackToTheFirstDnsName) {
  EXPECT_EQ(
      SubjectOf(*Issue({.common_name = "",
                        .alternative_names = "IP:::1,DNS:a.org,DNS:b.org"})),
      "DNS:a.org");
  EXPECT_EQ(SubjectOf(*Issue({.common_name = "", .alternative_names = ""})),
            "");
}

TEST(SubjectOfTest, EscapesAllButPrintableAscii) {
  EXPECT_EQ(SubjectOf(*Issue({.common_name = "a\nb\x1b[1m, \xc3\xa9\x7f"})),
            "CN=a\\0Ab\\1B[1m\\, \\C3\\A9\\7F");
}

TEST(CertificateTimesTest, AreThoseOfTheCertificate) {
  const absl::Time begin = absl::FromUnixSeconds(1'000'000'000);
  // After 2049 the format is another (RFC 5280, section 4.1.2.5).
  const absl::Time end = absl::FromUnixSeconds(4'000'000'000);
  const X509Ptr certificate = Issue({.not_before = begin, .not_after = end});
  EXPECT_EQ(ValidFrom(*certificate), begin);
  EXPECT_EQ(ValidUntil(*certificate), end);
}

TEST(DescribeExpiryTest, CountsWholeDays) {
  const absl::Time expiry = absl::FromUnixSeconds(1'800'000'000);
  const absl::Duration day = absl::Hours(24);
  const std::string at = " (2027-01-15T08:00:00Z)";
  EXPECT_EQ(DescribeExpiry(expiry, expiry - 2 * day), "expires in 2 days" + at);
  EXPECT_EQ(DescribeExpiry(expiry, expiry - 2 * day + absl::Seconds(1)),
            "expires in 1 day" + at);
  EXPECT_EQ(DescribeExpiry(expiry, expiry - day + absl::Seconds(1)),
            "expires in less than a day" + at);
  EXPECT_EQ(DescribeExpiry(expiry, expiry), "expires in less than a day" + at);
  EXPECT_EQ(DescribeExpiry(expiry, expiry + absl::Seconds(1)),
            "expired less than a day ago" + at);
  EXPECT_EQ(DescribeExpiry(expiry, expiry + day), "expired 1 day ago" + at);
  EXPECT_EQ(DescribeExpiry(expiry, expiry + 3 * day),
            "expired 3 days ago" + at);
}

TEST(DaysUntilTest, RoundsDown) {
  const absl::Time now = absl::UnixEpoch();
  EXPECT_EQ(DaysUntil(now + absl::Hours(47), now), 1);
  EXPECT_EQ(DaysUntil(now + absl::Hours(1), now), 0);
  EXPECT_EQ(DaysUntil(now, now), 0);
  EXPECT_EQ(DaysUntil(now - absl::Seconds(1), now), -1);
  EXPECT_EQ(DaysUntil(now - absl::Hours(24), now), -1);
  EXPECT_EQ(DaysUntil(now - absl::Hours(25), now), -2);
}

}  // namespace
}  // namespace tallyman::server
