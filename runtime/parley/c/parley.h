/* Parley for C, and for every language that can call C: a client whose events and calls are named at run time, with JSON as payloads.
 *
 *   parley_error why;
 *   parley_client *client = parley_client_new("ws://localhost:8765/ws", NULL, &why);
 *   if (client == NULL || parley_client_connect(client, &why) != PARLEY_OK) return complain(why.text);
 *   parley_client_send(client, "msg", NULL, 0, "all", "hello", &why);
 *   for (parley_message *got; parley_client_poll(client, 1000, &got) == PARLEY_OK; parley_message_free(got))
 *     printf("%s %s\n", parley_message_name(got), parley_message_payload(got));
 *   parley_client_free(client);
 *
 * What it does not do: serve, look into payloads beyond whether they are JSON, or speak the binary encoding, which needs the schema.
 *
 * Threads. Every function may be called from any thread, at the same time too, with these exceptions: what is freed is used by nobody any
 * more; an options object and a message belong to one thread at a time. A client has one thread of its own; callbacks are called there, one
 * at a time, and must not block. Functions that wait (connect, call, learn_id, poll) return PARLEY_WOULD_DEADLOCK there at once.
 *
 * Lifetime. Texts that go in are copied. What a message's functions return lives as long as the message; a message given to a callback is
 * freed for it when the callback returns, one that a function returned is freed by its caller. Every *_free takes NULL.
 *
 * Text. Names, targets, messages and payloads are UTF-8; every text that comes out ends with a zero byte. Sizes are bytes; times are
 * milliseconds, a negative one means for ever.
 *
 * Errors. Functions return a parley_code, PARLEY_OK (0) for success; where there is a `parley_error *`, it may be NULL, and is filled in
 * either case. No function ends the program, prints, or throws. An argument that must not be NULL and is: PARLEY_INVALID,
 * or what an empty message would say.
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

/* The version of the library that the program runs with: "0.1.0". It may be newer than PARLEY_VERSION. Never NULL. */
const char* parley_version(void);

/* Values are never changed nor reused; later versions may add some. */
typedef enum parley_code {
  PARLEY_OK = 0,
  PARLEY_CANCELLED = 1,         /* the client is closed */
  PARLEY_DEADLINE_EXCEEDED = 2, /* in time nothing came */
  PARLEY_DISCONNECTED = 3,      /* no connection, or lost meanwhile */
  PARLEY_OVERLOADED = 4,        /* a queue is full, here or there */
  PARLEY_UNIMPLEMENTED = 5,     /* the other end has no such method, or no such address */
  PARLEY_BAD_FRAME = 6,
  PARLEY_BAD_PAYLOAD = 7,
  PARLEY_TOO_LARGE = 8,
  PARLEY_UNKNOWN_TARGET = 9,
  PARLEY_DENIED = 10,
  PARLEY_FAILED = 11, /* what a peer reports without a code, and what has none of its own here */
  PARLEY_VERSION_MISMATCH = 12,
  PARLEY_UNAUTHENTICATED = 13,
  PARLEY_INVALID = 14, /* an argument that cannot be */
  PARLEY_WOULD_DEADLOCK = 100,
  PARLEY_OUT_OF_MEMORY = 101
} parley_code;

/* "deadline_exceeded"; "unknown" for no code. Never NULL. */
const char* parley_code_name(int code);

typedef struct parley_error {
  int32_t code;       /* a parley_code */
  int32_t from_peer;  /* 1: the other end said so; 0: it was found here */
  int32_t maybe_done; /* of a call. 1: the other end may have acted on it; 0: it cannot have, so that repeating does nothing twice */
  int32_t close_code; /* of the connection that ended: its WebSocket close code, sent by the end that from_peer names; 1006: no close frame
                         was sent; 0: no connection ended */
  char text[240];     /* for people: what is wrong, cut between characters; "" if there is nothing to say beyond the code */
} parley_error;

/* ---- options: made, set, given to clients, freed. Setters return PARLEY_INVALID for values that cannot be. */

typedef struct parley_options parley_options;

typedef enum parley_encoding {
  PARLEY_JSON = 1, /* Parley's JSON: sessions, ids, error codes. The default */
  PARLEY_PLAIN = 2 /* one bare object per message, for servers that know nothing of Parley */
} parley_encoding;

parley_options* parley_options_new(void); /* NULL: out of memory */
void parley_options_free(parley_options* options);
parley_code parley_options_set_encoding(parley_options* options, parley_encoding encoding);
parley_code parley_options_set_connect_timeout(parley_options* options, int64_t milliseconds); /* 5000; more than 0 */
parley_code parley_options_set_deadline(parley_options* options, int64_t milliseconds); /* of calls that name none: 30000; more than 0 */
parley_code parley_options_set_heartbeat(parley_options* options,
                                         int64_t milliseconds); /* ping after so much silence; as the server says */
parley_code parley_options_set_max_silence(parley_options* options, int64_t milliseconds); /* then the link is lost; two heartbeats */
parley_code parley_options_set_max_message(parley_options* options, size_t bytes);         /* of a payload that comes: 1 MiB */
parley_code parley_options_set_peer_max_message(parley_options* options, size_t bytes); /* plain: of a payload the server takes: 64 KiB */
parley_code parley_options_set_max_queue(parley_options* options, size_t bytes);        /* waiting to be sent: 4 MiB */
parley_code parley_options_set_max_unread(parley_options* options, size_t bytes);       /* waiting for poll: 4 MiB; see there */
parley_code parley_options_set_answers_in_order(parley_options* options, int yes); /* plain: the server answers calls one after the other */
parley_code parley_options_set_origin(parley_options* options, const char* origin);
parley_code parley_options_set_agent(parley_options* options, const char* agent); /* at most 64 bytes, for the server's log */
parley_code parley_options_add_header(parley_options* options, const char* name, const char* value); /* to the upgrade request */

/* ---- what comes */

typedef struct parley_message parley_message;

typedef enum parley_kind {
  PARLEY_EVENT = 1,   /* name, payload, from, message */
  PARLEY_ANSWER = 2,  /* of a call: payload */
  PARLEY_REFUSAL = 3, /* an event of ours was refused, or a call failed: code, message; name, if it was said */
  PARLEY_LOST = 4     /* the connection: code, close_code, from_peer, message. Nothing follows until connect is called again */
} parley_kind;

parley_kind parley_message_kind(const parley_message* message);
const char* parley_message_name(const parley_message* message);    /* the event's or call's wire name; "" if there is none */
const char* parley_message_payload(const parley_message* message); /* JSON text, "null" if there is none */
size_t parley_message_payload_size(const parley_message* message); /* without the zero byte */
const char* parley_message_from(const parley_message* message);    /* the sender's client id; "" if it was the server */
const char* parley_message_text(const parley_message* message);    /* the envelope's `message`, an error's text; NULL if there is none */
parley_code parley_message_code(const parley_message* message);    /* PARLEY_OK unless it is a refusal or a loss */
int parley_message_maybe_done(const parley_message* message);      /* of a call that failed: as in parley_error */
int parley_message_from_peer(const parley_message* message);       /* of a refusal or a loss: as in parley_error */
int parley_message_close_code(const parley_message* message);      /* likewise */
void parley_message_free(parley_message* message);

/* ---- a client */

typedef struct parley_client parley_client;

/* `user` is handed on as it is. The message is valid until the callback returns. */
typedef void (*parley_on_message)(void* user, const parley_message* message);

/* No I/O yet. `options` may be NULL, and is not needed any more afterwards. NULL: `error` says why; PARLEY_INVALID for a malformed url. */
parley_client* parley_client_new(const char* url, const parley_options* options, parley_error* error);

/* Events, refusals and losses go to `handler` instead of waiting for poll. Once, and before the client connects: else PARLEY_INVALID. */
parley_code parley_client_on_message(parley_client* client, parley_on_message handler, void* user);

/* Waits until events and calls can be sent, or why they cannot; then the same comes as a loss, too. Again after a loss: the server then sees
 * a new client. */
parley_code parley_client_connect(parley_client* client, parley_error* error);

int parley_client_connected(const parley_client* client);

/* Copies the id the server gave this client, with a zero byte, cut to `size` bytes; returns its whole length. Empty while it is not known:
 * while not connected, and in plain mode until the first call was answered or learn_id was called. */
size_t parley_client_id(const parley_client* client, char* id, size_t size);

/* Plain mode: asks for the id with an event that every other client gets too. Waits; afterwards parley_client_id tells it. `timeout` as of
 * calls. */
parley_code parley_client_learn_id(parley_client* client, int64_t timeout, parley_error* error);

/* Hands an event over for sending; never waits. PARLEY_OK: on its way, unless the connection is lost first. The first one connects.
 *
 * payload  JSON text of `size` bytes; NULL: null
 * to       "all", "others", "sender", "server", a client's id, "group:<name>:<key>"; NULL: the event's first target
 * message  the envelope's `message`, where some methods have their text; may be NULL
 */
parley_code parley_client_send(parley_client* client, const char* name, const char* payload, size_t size, const char* to,
                               const char* message, parley_error* error);

/* Asks the server and waits. PARLEY_OK: `*answer` is of kind PARLEY_ANSWER, to be freed; else it is NULL.
 *
 * reply    the answer's wire name, if the schema says `reply`; needed toward servers that repeat no ids; may be NULL
 * timeout  0: what the options say
 */
parley_code parley_client_call(parley_client* client, const char* name, const char* payload, size_t size, const char* reply,
                               int64_t timeout, parley_message** answer, parley_error* error);

/* The same without waiting. PARLEY_OK: `handler` is called exactly once, with the answer or a refusal, at the latest while the client is
 * being freed (PARLEY_CANCELLED). Anything else: it is not called. */
parley_code parley_client_start_call(parley_client* client, const char* name, const char* payload, size_t size, const char* reply,
                                     int64_t timeout, parley_on_message handler, void* user, parley_error* error);

/* Waits for the next event, refusal or loss, unless a handler takes them. 0 as timeout only looks.
 *
 * PARLEY_OK                 `*message` is to be freed; otherwise it is NULL
 * PARLEY_DEADLINE_EXCEEDED  nothing came
 * PARLEY_CANCELLED          the client was closed, and everything that had come before was read
 * PARLEY_INVALID            a handler takes the messages
 *
 * What comes and is not polled is kept, up to max_unread bytes. Nothing is left out: over it the client is closed, what was kept can be
 * polled, and the last message is a loss with PARLEY_OVERLOADED.
 */
parley_code parley_client_poll(parley_client* client, int64_t timeout, parley_message** message);

/* Ends the connection and wakes who waits; calls end with PARLEY_CANCELLED. A closed client cannot be used again. */
void parley_client_close(parley_client* client);

/* Closes, and waits for the client's thread; when it returns no callback runs any more. May be called in a callback, as its last act: then
 * the thread ends by itself. */
void parley_client_free(parley_client* client);

#ifdef __cplusplus
}
#endif

#endif
