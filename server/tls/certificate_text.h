// Certificates as text, for the log.

#ifndef TALLYMAN_SERVER_TLS_CERTIFICATE_TEXT_H_
#define TALLYMAN_SERVER_TLS_CERTIFICATE_TEXT_H_

#include <openssl/x509.h>

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace tallyman::server {

// The subject as in RFC 2253 ("CN=example.org,O=Example"); if that is empty the
// first DNS name ("DNS:example.org"), or "". ASCII on one line: all other
// characters are escaped. At most 256 characters, the rest is cut off.
std::string SubjectOf(const X509& certificate);

// The first and the last moment at which the certificate is valid (RFC 5280,
// section 4.1.2.5). The infinite past if the time cannot be read.
absl::Time ValidFrom(const X509& certificate);
absl::Time ValidUntil(const X509& certificate);

// Whole days from `now` to `expiry`; negative once it has passed.
int64_t DaysUntil(absl::Time expiry, absl::Time now);

// "expires in 12 days (2027-03-01T00:00:00Z)", "expires in less than a day
// (...)" or "expired 3 days ago (...)".
std::string DescribeExpiry(absl::Time expiry, absl::Time now);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_TLS_CERTIFICATE_TEXT_H_
