#include "server/tls/certificate_text.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/tls/openssl_pointers.h"

namespace tallyman::server {
namespace {

constexpr size_t kMaxSubjectChars = 256;

std::string ContentsOf(BIO* bio) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio, &data);
  if (size <= 0) return "";
  return {data, std::min(static_cast<size_t>(size), kMaxSubjectChars)};
}

absl::Time TimeOf(const ASN1_TIME* time) {
  std::tm utc{};
  if (ASN1_TIME_to_tm(time, &utc) != 1) return absl::InfinitePast();
  return absl::FromTM(utc, absl::UTCTimeZone());
}

// "" if there is none.
std::string FirstDnsName(const X509& certificate) {
  const std::unique_ptr<GENERAL_NAMES, OpensslDeleter<GENERAL_NAMES_free>>
      names(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(
          &certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_DNS) continue;
    const BioPtr text(BIO_new(BIO_s_mem()));
    ASN1_STRING_print_ex(text.get(), name->d.dNSName, ASN1_STRFLGS_RFC2253);
    return ContentsOf(text.get());
  }
  return "";
}

std::string Days(int64_t days) {
  return days == 1 ? "1 day" : absl::StrCat(days, " days");
}

}  // namespace

std::string SubjectOf(const X509& certificate) {
  const BioPtr text(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(text.get(), X509_get_subject_name(&certificate), 0,
                     XN_FLAG_RFC2253);
  std::string subject = ContentsOf(text.get());
  if (!subject.empty()) return subject;
  const std::string name = FirstDnsName(certificate);
  return name.empty() ? "" : absl::StrCat("DNS:", name);
}

absl::Time ValidFrom(const X509& certificate) {
  return TimeOf(X509_get0_notBefore(&certificate));
}

absl::Time ValidUntil(const X509& certificate) {
  return TimeOf(X509_get0_notAfter(&certificate));
}

int64_t DaysUntil(absl::Time expiry, absl::Time now) {
  return absl::ToInt64Hours(absl::Floor(expiry - now, absl::Hours(24))) / 24;
}

std::string DescribeExpiry(absl::Time expiry, absl::Time now) {
  const std::string at = absl::StrCat(
      " (",
      absl::FormatTime("%Y-%m-%d%ET%H:%M:%SZ", expiry, absl::UTCTimeZone()),
      ")");
  if (const int64_t days = DaysUntil(expiry, now); days > 0) {
    return absl::StrCat("expires in ", Days(days), at);
  }
  if (expiry >= now) return absl::StrCat("expires in less than a day", at);
  const int64_t days_ago = DaysUntil(now, expiry);
  return days_ago == 0 ? absl::StrCat("expired less than a day ago", at)
                       : absl::StrCat("expired ", Days(days_ago), " ago", at);
}

}  // namespace tallyman::server
