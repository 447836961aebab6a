/* Parley for C, and for every language that can call C: a client that names events and calls at
 * run time and uses JSON payloads.
 *
 *   parley_error why;
 *   parley_client *client = parley_client_new("ws://localhost:8765/ws", NULL, &why);
 *   if (client == NULL || parley_client_connect(client, &why) != PARLEY_OK)
 *     return complain(why.text);
 *   parley_client_send(client, "msg", NULL, 0, "all", "hello", &why);
 *   for (parley_message *got; parley_client_poll(client, 1000, &got) == PARLEY_OK;
 *        parley_message_free(got))
 *     printf("%s %s\n", parley_message_name(got), parley_message_payload(got));
 *   parley_client_free(client);
 *
 * Not supported: servers, access to the contents of payloads beyond the check that they are JSON,
 * and the binary encoding, which needs the schema.
 *
 * Threads. Every function may be called from any thread, also concurrently, with two exceptions.
 * An object must not be used after it has been freed. An options object and a message belong to
 * one thread at a time. A client has one thread of its own. Callbacks run there, one at a time,
 * and must not block. On that thread the functions that wait (connect, call, learn_id, poll)
 * return PARLEY_WOULD_DEADLOCK at once.
 *
 * Lifetime. Input texts are copied. The results of a message's functions live as long as the
 * message. A message passed to a callback is freed when the callback returns. A message returned
 * by a function is freed by the caller. Every *_free function accepts NULL.
 *
 * Text. Names, targets, messages and payloads are UTF-8. Every output text ends with a zero byte.
 * Sizes are in bytes and times in milliseconds. A negative time means no limit.
 *
 * Errors. Functions return a parley_code, which is PARLEY_OK (0) for success. A `parley_error *`
 * parameter may be NULL and is filled in on success and on failure. No function ends the program,
 * prints or throws. If an argument is NULL that must not be, the result is PARLEY_INVALID, or the
 * result for an empty message.
 */
#ifndef PARLEY_C_PARLEY_H
#define PARLEY_C_PARLEY_H

#include <stddef.h>
#include <stdint.h>

/* The version of this header, by the rules of semver.org. */
#define PARLEY_VERSION_MAJOR 0
#define PARLEY_VERSION_MINOR 1
#define PARLEY_VERSION_PATCH 0
#define PARLEY_VERSION "0.1.0"

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library in use: "0.1.0". It may be newer than PARLEY_VERSION. Never NULL. */
const char* parley_version(void);

/* Values are never changed or reused. Later versions may add values. */
typedef enum parley_code {
  PARLEY_OK = 0,
  PARLEY_CANCELLED = 1,         /* the client is closed */
  PARLEY_DEADLINE_EXCEEDED = 2, /* nothing arrived in time */
  PARLEY_DISCONNECTED = 3,      /* there is no connection, or it was lost meanwhile */
  PARLEY_OVERLOADED = 4,        /* a queue is full, at either end */
  PARLEY_UNIMPLEMENTED = 5,     /* the server has no such method or no such address */
  PARLEY_BAD_FRAME = 6,
  PARLEY_BAD_PAYLOAD = 7,
  PARLEY_TOO_LARGE = 8,
  PARLEY_UNKNOWN_TARGET = 9,
  PARLEY_DENIED = 10,
  PARLEY_FAILED = 11, /* a peer's error without a code, or any other error */
  PARLEY_VERSION_MISMATCH = 12,
  PARLEY_UNAUTHENTICATED = 13,
  PARLEY_INVALID = 14, /* an argument is not valid */
  PARLEY_WOULD_DEADLOCK = 100,
  PARLEY_OUT_OF_MEMORY = 101
} parley_code;

/* "deadline_exceeded", for example. "unknown" if `code` is not a code. Never NULL. */
const char* parley_code_name(int code);

typedef struct parley_error {
  int32_t code;      /* a parley_code */
  int32_t from_peer; /* 1: reported by the peer; 0: found locally */
  /* Of a call. 1: the server may have acted on it. 0: it cannot have, so repeating the call is
   * safe. */
  int32_t maybe_done;
  /* The WebSocket close code of the connection that ended, sent by the end that from_peer names.
   * 1006: no close frame was sent. 0: no connection ended. */
  int32_t close_code;
  /* For human readers: what is wrong, cut between characters. "" if there is nothing to add to the
   * code. */
  char text[240];
} parley_error;

/* ---- Options: create, set, pass to clients, free. Setters return PARLEY_INVALID for values that
 * are not valid. */

typedef struct parley_options parley_options;

typedef enum parley_encoding {
  PARLEY_JSON = 1, /* Parley's JSON, with sessions, ids and error codes; the default */
  PARLEY_PLAIN = 2 /* one bare object per message, for servers that do not know Parley */
} parley_encoding;

parley_options* parley_options_new(void); /* NULL: out of memory */
void parley_options_free(parley_options* options);
parley_code parley_options_set_encoding(parley_options* options, parley_encoding encoding);
/* Default 5000. Must be positive. */
parley_code parley_options_set_connect_timeout(parley_options* options, int64_t milliseconds);
/* For calls without a time-out of their own. Default 30000. Must be positive. */
parley_code parley_options_set_deadline(parley_options* options, int64_t milliseconds);
/* A ping is sent after this much silence. Default: the value of the server. */
parley_code parley_options_set_heartbeat(parley_options* options, int64_t milliseconds);
/* The link is lost after this much silence. Default: two heartbeats. */
parley_code parley_options_set_max_silence(parley_options* options, int64_t milliseconds);
/* Limit on an incoming payload. Default 1 MiB. */
parley_code parley_options_set_max_message(parley_options* options, size_t bytes);
/* Plain mode: the largest payload that the server accepts. Default 64 KiB. */
parley_code parley_options_set_peer_max_message(parley_options* options, size_t bytes);
/* Limit on the data that waits to be sent. Default 4 MiB. */
parley_code parley_options_set_max_queue(parley_options* options, size_t bytes);
/* Limit on the messages that wait for parley_client_poll, which see. Default 4 MiB. */
parley_code parley_options_set_max_unread(parley_options* options, size_t bytes);
/* Plain mode: the server answers calls in their order. */
parley_code parley_options_set_answers_in_order(parley_options* options, int yes);
parley_code parley_options_set_origin(parley_options* options, const char* origin);
/* For the server's log, at most 64 bytes. */
parley_code parley_options_set_agent(parley_options* options, const char* agent);
/* A token that is shown to the server with each connection: "Authorization: Bearer <token>". If the
 * server refuses it, the client gives up with PARLEY_UNAUTHENTICATED. parley_client_new refuses it
 * with PARLEY_INVALID for urls that lead to other machines in plain text, unless the second option is
 * set. */
parley_code parley_options_set_token(parley_options* options, const char* token);
parley_code parley_options_set_token_on_plain_text(parley_options* options, int yes);
/* Adds a header to the upgrade request. */
parley_code parley_options_add_header(parley_options* options, const char* name, const char* value);

/* Adds a further server of the same kind. After a loss the client tries the same one first, and after
 * each failure the next one, in a circle. A malformed url makes parley_client_new fail. */
parley_code parley_options_add_url(parley_options* options, const char* url);

/* After a loss the client connects again by itself. How many attempts in a row: 0 leaves the link
 * closed until parley_client_connect is called, and a negative number means for ever, which is the
 * default. */
parley_code parley_options_set_reconnect_attempts(parley_options* options, int64_t attempts);
/* Attempts continue before the first connection, too, and parley_client_connect waits for it. Without
 * this option the first failure is its result. */
parley_code parley_options_set_reconnect_first_too(parley_options* options, int yes);
/* The wait before attempt n (from 0) is a random time up to pause * 2^n, at most `longest`. After the
 * link was open for `stable`, n begins at 0 again. Defaults 250, 30000 and 10000. None may be
 * negative. */
parley_code parley_options_set_reconnect_pauses(parley_options* options, int64_t pause, int64_t longest, int64_t stable);

/* TLS, for urls that begin with wss://. Without any of these options the server's certificate is
 * checked by the authorities of the system and the host of the url. Files are read by
 * parley_client_new, which fails with PARLEY_INVALID and names the file if that is not possible, and
 * if the url does not begin with wss://. A file and a text for the same thing exclude each other. */
typedef enum parley_tls_version { PARLEY_TLS_1_2 = 12, PARLEY_TLS_1_3 = 13 } parley_tls_version;

/* The trusted authorities in PEM, in place of those of the system. */
parley_code parley_options_set_tls_ca_file(parley_options* options, const char* file);
parley_code parley_options_set_tls_ca_pem(parley_options* options, const char* pem);
/* Trusts the authorities of the system as well. */
parley_code parley_options_set_tls_system_ca_too(parley_options* options, int yes);
/* The client's certificate and its key in PEM, for servers that ask for one. The key has no
 * passphrase. */
parley_code parley_options_set_tls_certificate_files(parley_options* options, const char* file, const char* key_file);
parley_code parley_options_set_tls_certificate_pem(parley_options* options, const char* pem, const char* key_pem);
/* The name or address that the server's certificate must contain, in place of the url's host. */
parley_code parley_options_set_tls_host_name(parley_options* options, const char* name);
/* Default TLS 1.2. */
parley_code parley_options_set_tls_minimum(parley_options* options, parley_tls_version version);
/* Accepts every certificate. Anybody who controls the network can then read and change all data. */
parley_code parley_options_set_tls_insecure_accept_any_certificate(parley_options* options, int yes);

/* ---- Received messages. */

typedef struct parley_message parley_message;

typedef enum parley_kind {
  PARLEY_EVENT = 1,  /* name, payload, from, message */
  PARLEY_ANSWER = 2, /* the answer to a call: payload */
  /* The peer refused an event from this client, or a call failed: code, message, and name if it is
   * known. */
  PARLEY_REFUSAL = 3,
  /* An open connection was lost, or the link was given up without having been open: code, close_code,
   * from_peer, message. parley_client_status tells whether the client connects again. */
  PARLEY_LOST = 4
} parley_kind;

parley_kind parley_message_kind(const parley_message* message);
/* The wire name of the event or call. "" if there is none. */
const char* parley_message_name(const parley_message* message);
/* JSON text, "null" if there is none. */
const char* parley_message_payload(const parley_message* message);
size_t parley_message_payload_size(const parley_message* message); /* without the zero byte */
/* The sender's client id. "" if it was the server. */
const char* parley_message_from(const parley_message* message);
/* The envelope's `message`, or an error's text. NULL if there is none. */
const char* parley_message_text(const parley_message* message);
/* PARLEY_OK unless it is a refusal or a loss. */
parley_code parley_message_code(const parley_message* message);
/* Of a failed call, as in parley_error. */
int parley_message_maybe_done(const parley_message* message);
/* Of a refusal or a loss, as in parley_error. */
int parley_message_from_peer(const parley_message* message);
/* Of a refusal or a loss, as in parley_error. */
int parley_message_close_code(const parley_message* message);
void parley_message_free(parley_message* message);

/* ---- A client. */

typedef struct parley_client parley_client;

/* `user` is passed on unchanged. The message is valid until the callback returns. */
typedef void (*parley_on_message)(void* user, const parley_message* message);

/* Creates a client and does no I/O yet. `url` is "ws://host:port/path", the same with "wss://" for TLS, or
 * "ws+unix:///run/parley.sock:/path" for a Unix socket. `options` may be NULL and may be freed afterwards. Returns
 * NULL on failure, with the reason in `error`. A malformed url is PARLEY_INVALID. */
parley_client* parley_client_new(const char* url, const parley_options* options, parley_error* error);

/* Passes events, refusals and losses to `handler` instead of queueing them for parley_client_poll.
 * Call it once and before the client connects. Otherwise the result is PARLEY_INVALID. */
parley_code parley_client_on_message(parley_client* client, parley_on_message handler, void* user);

/* Waits until events and calls can be sent or the attempt has failed. The failure of a first attempt
 * is also received as a loss. If the link waits for its next attempt, the attempt begins now. After
 * every loss the server sees a new client. */
parley_code parley_client_connect(parley_client* client, parley_error* error);

int parley_client_connected(const parley_client* client);

typedef enum parley_state {
  PARLEY_IDLE = 0, /* nothing was asked of the link yet */
  PARLEY_CONNECTING = 1,
  PARLEY_OPEN = 2,
  PARLEY_WAITING = 3, /* for the next attempt */
  PARLEY_CLOSED = 4   /* no attempt follows by itself */
} parley_state;

typedef struct parley_status {
  int32_t state;     /* a parley_state */
  int32_t fresh;     /* open: 1 after a loss, when the server sees a new client; 0: the first session */
  uint32_t attempt;  /* connecting, waiting: its number since the link was last open, from 1 */
  uint32_t reserved; /* 0 */
  int64_t next_try;  /* waiting: in so many milliseconds the next attempt begins */
  /* open: calls that ended with PARLEY_DISCONNECTED since the link was last open and that the server
   * may have carried out */
  uint64_t calls_lost;
  /* open: events that left with the last connection and of which it is not known whether they arrived */
  uint64_t unconfirmed;
  parley_error why; /* waiting, closed, connecting after a loss: why the last connection ended; or PARLEY_OK */
} parley_status;

/* Fills in `status` with the state of the link. PARLEY_INVALID if an argument is NULL. */
parley_code parley_client_status(const parley_client* client, parley_status* status);

/* `status` is valid until the callback returns. */
typedef void (*parley_on_status)(void* user, const parley_status* status);

/* Calls `handler` at each change of the link's state. Call it once and before the client connects.
 * Otherwise the result is PARLEY_INVALID. */
parley_code parley_client_on_status(parley_client* client, parley_on_status handler, void* user);

/* For programs that learn that the network has changed or the machine was suspended. If the link
 * waits, it connects now. If it is open, a ping is sent, and the link counts as lost unless an answer
 * arrives within 3 s. Does not wait. */
parley_code parley_client_reconnect_now(parley_client* client);

/* Copies the id that the server gave this client, with a zero byte, cut to `size` bytes. Returns
 * its whole length. The id is empty while it is unknown: while the client is not connected, and in
 * plain mode until the first call was answered or parley_client_learn_id was called. */
size_t parley_client_id(const parley_client* client, char* id, size_t size);

/* Plain mode: requests the id by an event that every other client receives too, and waits.
 * Afterwards parley_client_id returns it. `timeout` is as for calls. */
parley_code parley_client_learn_id(parley_client* client, int64_t timeout, parley_error* error);

/* Queues an event for sending. Never waits. PARLEY_OK means that it will be sent, unless the
 * connection is lost first. The first event connects.
 *
 * While the client waits for its next connection, events are kept for it, up to max_queue bytes.
 *
 * payload: JSON text of `size` bytes. NULL means null.
 *
 * to: "all", "others", "sender", "server", "user:<name>" or a client's id. NULL selects the first target that the
 * event declares.
 *
 * message: the envelope's `message`, which carries the text of some methods. May be NULL.
 */
parley_code parley_client_send(parley_client* client, const char* name, const char* payload, size_t size, const char* to,
                               const char* message, parley_error* error);

/* Calls the server and waits. On PARLEY_OK `*answer` has the kind PARLEY_ANSWER and must be freed.
 * Otherwise it is NULL.
 *
 * reply: the answer's wire name, if the schema sets `reply`. Needed for servers that do not repeat
 * ids. May be NULL.
 *
 * timeout: 0 uses the value from the options.
 */
parley_code parley_client_call(parley_client* client, const char* name, const char* payload, size_t size, const char* reply,
                               int64_t timeout, parley_message** answer, parley_error* error);

/* The same without waiting. On PARLEY_OK `handler` is called exactly once, with the answer or a
 * refusal. That happens at the latest while the client is being freed (PARLEY_CANCELLED). On any
 * other result it is not called. */
parley_code parley_client_start_call(parley_client* client, const char* name, const char* payload, size_t size, const char* reply,
                                     int64_t timeout, parley_on_message handler, void* user, parley_error* error);

/* Waits for the next event, refusal or loss, unless a handler takes them. A `timeout` of 0 does
 * not wait.
 *
 *   PARLEY_OK                 `*message` must be freed; with any other result it is NULL
 *   PARLEY_DEADLINE_EXCEEDED  nothing arrived
 *   PARLEY_CANCELLED          the client was closed, and all earlier messages have been read
 *   PARLEY_INVALID            a handler takes the messages
 *
 * Messages that are not polled are kept, up to max_unread bytes. No message is dropped. Beyond the
 * limit the client is closed. The kept messages can still be polled, and the last one is a loss
 * with PARLEY_OVERLOADED.
 */
parley_code parley_client_poll(parley_client* client, int64_t timeout, parley_message** message);

/* Closes the connection and wakes the waiting functions. Calls end with PARLEY_CANCELLED. A closed
 * client cannot be used again. */
void parley_client_close(parley_client* client);

/* Closes the client and waits for its thread. No callback runs after it returns. It may be called
 * inside a callback as the last action. The thread then ends by itself. */
void parley_client_free(parley_client* client);

#ifdef __cplusplus
}
#endif

#endif
