#include "server/tls/pem_files.h"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "platform/base/unique_fd.h"
#include "server/tls/openssl_error.h"
#include "server/tls/openssl_pointers.h"

namespace tallyman::server {
namespace {

// The certificates of all public authorities have about 250 KiB.
constexpr size_t kMaxFileBytes = size_t{4} << 20;

struct File {
  std::string bytes;
  mode_t mode = 0;
};

absl::StatusOr<File> ReadFile(std::string_view name, const std::string& path) {
  // O_NONBLOCK: opening a FIFO does not wait for a writer.
  const base::UniqueFd fd(
      open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  struct stat info {};
  if (!fd.valid() || fstat(fd.get(), &info) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", name));
  }
  if (!S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, " is not a regular file"));
  }
  if (static_cast<size_t>(info.st_size) > kMaxFileBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, " has more than ", kMaxFileBytes, " bytes"));
  }
  File file{.bytes = std::string(static_cast<size_t>(info.st_size), '\0'),
            .mode = info.st_mode};
  size_t size = 0;
  while (size < file.bytes.size()) {
    const ssize_t got =
        read(fd.get(), file.bytes.data() + size, file.bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", name));
    }
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  file.bytes.resize(size);
  return file;
}

std::string NameOf(std::string_view what, const std::string& path) {
  return absl::StrCat(what, " \"", path, "\"");
}

// Does not copy `bytes`.
BioPtr BioOf(std::string_view bytes) {
  return BioPtr(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

// Whether a PEM reader failed because there is no further block.
bool IsAtEnd() {
  const auto error = ERR_peek_last_error();
  return ERR_GET_LIB(error) == ERR_LIB_PEM &&
         ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

// A pem_password_cb(3) that notes that a passphrase is needed.
int NoPassphrase(char* /*to*/, int /*size*/, int /*is_writing*/,
                 void* is_needed) {
  *static_cast<bool*>(is_needed) = true;
  return -1;
}

}  // namespace

absl::StatusOr<std::vector<X509Ptr>> ReadCertificates(std::string_view what,
                                                      const std::string& path) {
  const std::string name = NameOf(what, path);
  absl::StatusOr<File> file = ReadFile(name, path);
  if (!file.ok()) return file.status();
  const BioPtr bio = BioOf(file->bytes);
  // The file may have a private key too.
  const absl::Cleanup erase = [&file] {
    OPENSSL_cleanse(file->bytes.data(), file->bytes.size());
  };
  std::vector<X509Ptr> certificates;
  ERR_clear_error();
  while (true) {
    X509Ptr next(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (next == nullptr) break;
    certificates.push_back(std::move(next));
  }
  if (!IsAtEnd()) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, " has a malformed certificate, number ",
                     certificates.size() + 1, ": ", TakeOpensslError()));
  }
  ERR_clear_error();
  if (certificates.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, " has no certificate in PEM format"));
  }
  return certificates;
}

absl::StatusOr<PrivateKey> ReadPrivateKey(const std::string& path) {
  const std::string name = NameOf("key file", path);
  absl::StatusOr<File> file = ReadFile(name, path);
  if (!file.ok()) return file.status();
  const absl::Cleanup erase = [&file] {
    OPENSSL_cleanse(file->bytes.data(), file->bytes.size());
  };
  const BioPtr bio = BioOf(file->bytes);
  bool needs_passphrase = false;
  ERR_clear_error();
  EvpPkeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase,
                                         &needs_passphrase));
  ERR_clear_error();
  if (key != nullptr) {
    return PrivateKey{.key = std::move(key),
                      .is_open_to_all = (file->mode & S_IRWXO) != 0};
  }
  return absl::InvalidArgumentError(absl::StrCat(
      name, needs_passphrase
                ? " is protected by a passphrase; store the key without one"
                : " has no valid private key in PEM format"));
}

}  // namespace tallyman::server
