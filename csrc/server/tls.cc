#include "server/tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <climits>
#include <utility>

namespace aiges::server {
namespace {

std::string reason() {
  const unsigned long error = ERR_get_error();
  ERR_clear_error();
  if (error == 0) return "no reason was given";
  char text[256];
  ERR_error_string_n(error, text, sizeof text);
  return text;
}

Status failed(const std::string& what, const std::string& path) {
  return Status(ErrorKind::kInvalidData, Code::kInvalidData, "tls",
                what + " '" + path + "': " + reason());
}

// HTTP/2 and nothing else; a client that offers no protocols gets it too, as gRPC clients may.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* offered, unsigned offered_size, void*) {
  static constexpr unsigned char kH2[] = {2, 'h', '2'};
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kH2, sizeof kH2, offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

Result<SSL_CTX*> make_context(const TlsFiles& files) {
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context(SSL_CTX_new(TLS_server_method()),
                                                       SSL_CTX_free);
  if (!context) return failed("cannot use TLS for", files.certificate);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_RELEASE_BUFFERS |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str()) != 1)
    return failed("cannot read the certificate", files.certificate);
  if (SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM) != 1)
    return failed("cannot read the key", files.key);
  if (SSL_CTX_check_private_key(context.get()) != 1)
    return failed("the certificate does not belong to the key", files.key);
  if (!files.client_ca.empty()) {
    if (SSL_CTX_load_verify_locations(context.get(), files.client_ca.c_str(), nullptr) != 1)
      return failed("cannot read the clients' authorities", files.client_ca);
    SSL_CTX_set_client_CA_list(context.get(), SSL_load_client_CA_file(files.client_ca.c_str()));
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
  return context.release();
}

}  // namespace

TlsStream::TlsStream(SSL* ssl) : ssl_(ssl), in_(BIO_new(BIO_s_mem())), out_(BIO_new(BIO_s_mem())) {
  SSL_set_bio(ssl_, in_, out_);
  SSL_set_accept_state(ssl_);
}

TlsStream::~TlsStream() { SSL_free(ssl_); }

void TlsStream::put_sealed(std::string_view bytes) {
  while (!bytes.empty()) {
    const int part = static_cast<int>(std::min<std::size_t>(bytes.size(), INT_MAX));
    const int taken = BIO_write(in_, bytes.data(), part);
    if (taken <= 0) {
      broken_ = true;
      return;
    }
    bytes.remove_prefix(static_cast<std::size_t>(taken));
  }
}

bool TlsStream::ready() {
  if (broken_) return false;
  if (SSL_is_init_finished(ssl_)) return true;
  const int result = SSL_do_handshake(ssl_);
  if (result == 1) return true;
  if (SSL_get_error(ssl_, result) != SSL_ERROR_WANT_READ) broken_ = true;
  ERR_clear_error();
  return false;
}

bool TlsStream::take_plain(std::string& plain) {
  if (!ready()) return false;
  constexpr std::size_t kRecord = std::size_t{16} * 1024;
  plain.resize(kRecord);
  const int size = SSL_read(ssl_, plain.data(), static_cast<int>(plain.size()));
  if (size <= 0) {
    if (SSL_get_error(ssl_, size) != SSL_ERROR_WANT_READ) broken_ = true;
    ERR_clear_error();
    return false;
  }
  plain.resize(static_cast<std::size_t>(size));
  return true;
}

std::size_t TlsStream::put_plain(std::string_view bytes) {
  if (bytes.empty() || !ready()) return 0;
  const int part = static_cast<int>(std::min<std::size_t>(bytes.size(), INT_MAX));
  const int taken = SSL_write(ssl_, bytes.data(), part);
  if (taken > 0) return static_cast<std::size_t>(taken);
  if (SSL_get_error(ssl_, taken) != SSL_ERROR_WANT_READ) broken_ = true;
  ERR_clear_error();
  return 0;
}

bool TlsStream::take_sealed(std::string& sealed) {
  const std::size_t waiting = BIO_ctrl_pending(out_);
  if (waiting == 0) return false;
  sealed.resize(waiting);
  const int size = BIO_read(out_, sealed.data(), static_cast<int>(waiting));
  sealed.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return size > 0;
}

Result<std::unique_ptr<TlsContext>> TlsContext::open(TlsFiles files) {
  std::unique_ptr<TlsContext> context(new TlsContext(std::move(files)));
  if (Status status = context->reload(); !status.ok()) return status;
  return context;
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

Status TlsContext::reload() {
  Result<SSL_CTX*> fresh = make_context(files_);
  if (!fresh.ok()) return fresh.status();
  MutexLock lock(mutex_);
  SSL_CTX_free(context_);  // connections that use it keep it
  context_ = fresh.value();
  return {};
}

std::unique_ptr<TlsStream> TlsContext::make_stream() {
  MutexLock lock(mutex_);
  return std::make_unique<TlsStream>(SSL_new(context_));
}

}  // namespace aiges::server
