// TLS in front of HTTP/2, with certificates made here.

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "server/server_test.h"
#include "support/scratch.h"

namespace aiges::test {
namespace {

template <class T, void (*kFree)(T*)>
struct Freer {
  void operator()(T* object) const { kFree(object); }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY, EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509, X509_free>>;

// A key and its certificate; signed by itself, or by another identity.
struct Identity {
  explicit Identity(const char* name, const Identity* issuer = nullptr)
      : key(EVP_EC_gen("P-256")), certificate(X509_new()) {
    X509* x509 = certificate.get();
    X509_set_version(x509, X509_VERSION_3);
    static long serial = 0;
    ASN1_INTEGER_set(X509_get_serialNumber(x509), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(x509), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
    X509_set_pubkey(x509, key.get());
    X509_NAME* subject = X509_get_subject_name(x509);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
    X509_set_issuer_name(x509, X509_get_subject_name(issuer ? issuer->certificate.get() : x509));
    X509_EXTENSION* is_authority = X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints,
                                                       issuer ? "CA:FALSE" : "critical,CA:TRUE");
    X509_add_ext(x509, is_authority, -1);
    X509_EXTENSION_free(is_authority);
    EXPECT_NE(X509_sign(x509, (issuer ? issuer->key : key).get(), EVP_sha256()), 0);
  }
  std::string certificate_text() const {
    return text([this](BIO* bio) { return PEM_write_bio_X509(bio, certificate.get()); });
  }
  std::string key_text() const {
    return text([this](BIO* bio) {
      return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
  }

  Key key;
  Certificate certificate;

 private:
  template <class Write>
  static std::string text(Write write) {
    BIO* bio = BIO_new(BIO_s_mem());
    EXPECT_EQ(write(bio), 1);
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(bio, &bytes);
    std::string out(bytes, static_cast<std::size_t>(size));
    BIO_free(bio);
    return out;
  }
};

// A blocking TLS client over a RawClient's socket.
class TlsClient {
 public:
  struct Options {
    const Identity* trusts = nullptr;
    const Identity* shows = nullptr;  // to a server that asks
    std::string_view protocols = std::string_view("\2h2", 3);
    int version = TLS1_3_VERSION;
  };
  TlsClient(const std::string& address, const Options& options)
      : raw_(address), context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_min_proto_version(context_, options.version);
    SSL_CTX_set_max_proto_version(context_, options.version);
    SSL_CTX_set_security_level(context_, 0);  // what is refused is refused by the server
    if (options.trusts) {
      X509_STORE_add_cert(SSL_CTX_get_cert_store(context_), options.trusts->certificate.get());
      SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
    }
    if (options.shows) {
      SSL_CTX_use_certificate(context_, options.shows->certificate.get());
      SSL_CTX_use_PrivateKey(context_, options.shows->key.get());
    }
    ssl_ = SSL_new(context_);
    SSL_set_alpn_protos(ssl_, reinterpret_cast<const unsigned char*>(options.protocols.data()),
                        static_cast<unsigned>(options.protocols.size()));
    SSL_set_fd(ssl_, raw_.socket());
    connected_ = SSL_connect(ssl_) == 1;
  }
  ~TlsClient() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
    ERR_clear_error();
  }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  bool connected() const { return connected_; }
  std::string protocol() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_, &name, &size);
    return {reinterpret_cast<const char*>(name), size};
  }
  std::string server_name() const {
    X509* certificate = SSL_get1_peer_certificate(ssl_);
    char name[100] = "(none)";
    if (certificate)
      X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name,
                                sizeof name);
    X509_free(certificate);
    return name;
  }
  bool send(std::string_view bytes) {
    return SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())) > 0;
  }
  // Until these bytes have come; false when the server closed before.
  bool receive_until(std::string_view bytes) {
    char buffer[16 * 1024];
    std::size_t from = 0;  // what was searched already is not searched again
    while (received_.find(bytes, from) == std::string::npos) {
      from = received_.size() - std::min(received_.size(), bytes.size());
      const int size = SSL_read(ssl_, buffer, sizeof buffer);
      if (size <= 0) {
        EXPECT_FALSE(errno == EAGAIN && SSL_get_error(ssl_, size) == SSL_ERROR_WANT_READ)
            << "the server says nothing";
        return false;
      }
      received_.append(buffer, static_cast<std::size_t>(size));
    }
    return true;
  }
  std::size_t received() const { return received_.size(); }
  // An RPC, and the engine's answer.
  bool is_served() {
    const auto field = [](std::string_view name, std::string_view value) {
      return std::string(1, '\0') + static_cast<char>(name.size()) + std::string(name) +
             static_cast<char>(value.size()) + std::string(value);
    };
    const std::string headers = field(":method", "POST") + field(":scheme", "https") +
                                field(":path", kExec) + field(":authority", "test") +
                                field("content-type", "application/grpc");
    return connected_ &&
           send(std::string(kPreface) + frame(NGHTTP2_SETTINGS, 0, 0) +
                frame(NGHTTP2_WINDOW_UPDATE, 0, 0, std::string("\x7f\0\0\0", 4)) +
                frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, headers) +
                frame(NGHTTP2_WINDOW_UPDATE, 0, 1, std::string("\x7f\0\0\0", 4)) +
                frame(NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 1, grpc_message(exec_message()))) &&
           receive_until("answered");
  }

 private:
  const RawClient raw_;
  SSL_CTX* const context_;
  SSL* ssl_ = nullptr;
  bool connected_ = false;
  std::string received_;
};

class TlsTest : public ServerTest {
 protected:
  TlsTest() {
    files_ = {folder_.path("certificate"), folder_.path("key"), {}};
    options_.tls = files_;
    use(server_identity_);
    script_->on_exec = [](const Request&) -> Result<OutputPtr> {
      return text_output("key", "answered");
    };
  }
  void use(const Identity& identity) const {
    (void)folder_.file("certificate", identity.certificate_text());
    (void)folder_.file("key", identity.key_text());
  }
  // From here on clients must show a certificate of this authority.
  void demand(const Identity& authority) {
    options_.tls.client_ca = folder_.file("clients", authority.certificate_text());
  }

  const Scratch folder_;
  server::TlsFiles files_;
  const Identity authority_{"authority"};
  const Identity server_identity_{"first", &authority_};
};

TEST_F(TlsTest, CallsAreServedAndTheServerIsWhoItSays) {
  serve();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient client(address(), {.trusts = &authority_, .version = version});
    ASSERT_TRUE(client.connected());
    EXPECT_EQ(client.server_name(), "first");
    EXPECT_EQ(client.protocol(), "h2");
    EXPECT_TRUE(client.is_served());
  }
  const Identity stranger("stranger");
  const TlsClient careful(address(), {.trusts = &stranger});
  EXPECT_FALSE(careful.connected()) << "this test would accept anybody";
}

TEST_F(TlsTest, OldVersionsAreRefused) {
  serve();
  const TlsClient client(address(), {.version = TLS1_1_VERSION});
  EXPECT_FALSE(client.connected());
}

TEST_F(TlsTest, OnlyHttp2IsSpoken) {
  serve();
  const TlsClient other(address(), {.protocols = std::string_view("\x08http/1.1", 9)});
  EXPECT_FALSE(other.connected());
  const TlsClient both(address(), {.protocols = std::string_view("\x08http/1.1\2h2", 12)});
  EXPECT_EQ(both.protocol(), "h2");
  TlsClient none(address(), {.protocols = {}});
  EXPECT_TRUE(none.is_served()) << "a client that does not negotiate";
}

// TLS 1.3: the client believes it is connected before the server has looked at its certificate.
TEST_F(TlsTest, AClientShowsWhoItIsWhereThatIsDemanded) {
  const Identity clients("clients");
  const Identity known("known", &clients);
  const Identity strangers("strangers");
  const Identity stranger("stranger", &strangers);
  demand(clients);
  serve();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient good(address(), {.trusts = &authority_, .shows = &known, .version = version});
    EXPECT_TRUE(good.is_served());
    TlsClient nobody(address(), {.trusts = &authority_, .version = version});
    EXPECT_FALSE(nobody.is_served());
    TlsClient bad(address(), {.trusts = &authority_, .shows = &stranger, .version = version});
    EXPECT_FALSE(bad.is_served());
  }
  EXPECT_EQ(script_->execs.get(), 2);
}

TEST_F(TlsTest, ANewCertificateIsTakenUpAndABrokenOneIsNot) {
  serve();
  const Identity second("second", &authority_);
  TlsClient before(address(), {.trusts = &authority_});
  EXPECT_EQ(before.server_name(), "first");
  use(second);
  const TlsClient between(address(), {.trusts = &authority_});
  EXPECT_EQ(between.server_name(), "first") << "not before it is told";
  ASSERT_TRUE(server_->reload_tls().ok());
  TlsClient after(address(), {.trusts = &authority_});
  EXPECT_EQ(after.server_name(), "second");
  EXPECT_TRUE(before.is_served()) << "connections live through it";

  (void)folder_.file("certificate", "nonsense");
  const Status broken = server_->reload_tls();
  ASSERT_FALSE(broken.ok());
  EXPECT_NE(broken.message().find(files_.certificate), std::string::npos) << broken.message();
  (void)folder_.file("certificate", server_identity_.certificate_text());
  const Status mixed = server_->reload_tls();
  ASSERT_FALSE(mixed.ok()) << "the second's key is still there";
  TlsClient still(address(), {.trusts = &authority_});
  EXPECT_EQ(still.server_name(), "second");
  EXPECT_TRUE(still.is_served());
}

TEST_F(TlsTest, AServerWithoutItsFilesDoesNotStart) {
  start();
  options_.tls.key = folder_.path("nothing");
  server::Server server(*runtime_, options_);
  ASSERT_TRUE(server.add_engine("fake", host_, engine_).ok());
  const Status status = server.start();
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.message().find(options_.tls.key), std::string::npos) << status.message();
}

TEST_F(TlsTest, PlainTextAndBrokenRecordsAreClosed) {
  serve();
  const std::string greeting = std::string(kPreface) + frame(NGHTTP2_SETTINGS, 0, 0);
  for (const std::string& bytes : {greeting, std::string("GET / HTTP/1.1\r\n\r\n"),
                                   std::string("\x16\x03\x01\xff\xff") + greeting}) {
    const RawClient client(address());
    ASSERT_TRUE(client.send(bytes));
    const std::string answer = client.receive_all();
    EXPECT_EQ(answer.find(frame(NGHTTP2_SETTINGS, 0, 0)), std::string::npos);
    EXPECT_TRUE(answer.empty() || answer[0] == '\x15') << "a TLS alert, if anything";
  }
  TlsClient client(address(), {.trusts = &authority_});
  EXPECT_TRUE(client.is_served());
}

TEST_F(TlsTest, AHandshakeThatStandsStillIsClosed) {
  options_.limits.handshake_timeout = std::chrono::milliseconds(1);
  serve();
  const RawClient client(address());
  (void)client.send(std::string("\x16\x03\x01\x02\0\1", 6));
  (void)client.receive_all();  // closed, or this fails
}

// More than a record, a socket's buffer and what may wait unsent, with a reader that comes late.
TEST_F(TlsTest, LargeAnswersPass) {
  const std::string large(std::size_t{20} << 20, 'x');
  script_->on_exec = [large](const Request&) -> Result<OutputPtr> {
    return text_output("key", large + "answered");
  };
  serve();
  TlsClient client(address(), {.trusts = &authority_});
  EXPECT_TRUE(client.is_served());
  EXPECT_GT(client.received(), large.size());
}

}  // namespace
}  // namespace aiges::test
