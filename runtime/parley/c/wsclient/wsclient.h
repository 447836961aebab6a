/* libwsclient: the chat family's client library over Parley, for programs that were written against the original. They need not be compiled
 * again: the names, the order of arguments and the layout of both structures are the original's.
 *
 *   wsClient client = {0};
 *   wsSetOnMessageCallback(&client, (wsOnMessageCallbackPFN){.raw = heard}, WS_MESSAGE_CALLBACK_RAW);
 *   if (wsInitClient(&client, "127.0.0.1", "9999", "ann") != WS_OK) return 1;
 *   wsSendMessage(&client, "{\"user\": {\"name\": \"ann\"},\"message\": {\"text\": \"hi\",\"text_len\": 2,\"info\": 0}}");
 *   while (wsClientListen(&client) == WS_OK) ;
 *   wsDeinitClient(&client);
 *
 * What is better than in the original: every message is delivered whole and by itself however it was cut on its way; pings and close frames are
 * answered and are no messages; messages may be as long as 1 MiB; the end of the connection makes wsClientListen return WS_ERROR, again and
 * again, so that a loop around it ends; sending to a connection that is over is an error; nothing is printed.
 *
 * New programs use <parley/c/parley.h>.
 *
 * Threads: once wsInitClient has returned, any thread may send, listen, change the name and deinit at the same time; the wsClient itself has
 * to stay until every such call has returned. Callbacks run in the thread that listens. Every function returns WS_OK or
 * WS_ERROR if nothing else is said; NULL for a client or a text is WS_ERROR.
 */
#ifndef PARLEY_C_WSCLIENT_H
#define PARLEY_C_WSCLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { WS_OK = 0, WS_ERROR = -1 };

/* Bits of a message's `info`. */
typedef enum { WS_NO_BROADCAST = 1, WS_SEND_BACK = 2, WS_CHANGE_USERNAME = 4 } wsMessageInfo;

/* ---- JSON: trees of objects and lists with at most 16 entries, names of at most 63 bytes, strings of at most 255 */

typedef enum { WS_JSON_STRING, WS_JSON_NUMBER, WS_JSON_OBJECT, WS_JSON_BOOL, WS_JSON_ARRAY, WS_JSON_NULL } wsJsonType;

typedef struct wsJson wsJson;
typedef struct {
  wsJson* children[16];
  int32_t childCount;
} wsJsonObject;
typedef struct {
  wsJson* elements[16];
  int32_t elementCount;
} wsJsonArray;
struct wsJson {
  char key[64];
  wsJsonType type;
  union {
    char stringValue[256];
    double numberValue;
    bool boolValue;
    wsJsonObject object;
    wsJsonArray array;
  };
};

/* A new node, to be freed alone or with its tree. `key` may be NULL. What is too long is cut between characters. NULL: out of memory. */
wsJson* wsJsonInitChild(const char* key); /* an object */
wsJson* wsJsonInitString(const char* key, const char* val);
wsJson* wsJsonInitNumber(const char* key, double val);
wsJson* wsJsonInitBool(const char* key, bool val);
wsJson* wsJsonInitArray(const char* key);
wsJson* wsJsonInitNull(const char* key);

/* The parent owns the child from then on. A 17th, or one for what is no object (no list), stays with the caller. */
void wsJsonAddField(wsJson* parent, wsJson* child);
void wsJsonAddElement(wsJson* array, wsJson* element);

/* Writes JSON and a zero byte, for readers that know no escapes, as the family's: quotes in strings become ', backslashes /, and control
 * characters are left out. The length without it; WS_ERROR if that is more than `size` bytes, and then `out` is empty. */
int32_t wsJsonToString(wsJson* obj, char* out, size_t size);
/* Reads one object and moves the pointer behind it. NULL, and the pointer stays: it is none, is nested deeper than 64, or memory is out.
 * What is more or longer than a tree can hold is left out or cut. */
wsJson* wsStringToJson(const char** string);
wsJson* wsJsonGet(wsJson* obj, const char* key);           /* NULL: there is none */
const char* wsJsonGetString(wsJson* obj, const char* key); /* NULL: none, or no string */
double wsJsonGetNumber(wsJson* obj, const char* key);      /* -1: none, or no number */
void wsJsonFree(wsJson* obj);

/* ---- the client */

typedef struct wsClient wsClient;

/* The texts and the tree are valid until the callback returns. */
typedef void (*wsOnMessageCallbackRawPFN)(wsClient* client, time_t time, const char* message);
typedef void (*wsOnMessageCallbackJsonPFN)(wsClient* client, time_t time, wsJson* root);
typedef union {
  wsOnMessageCallbackJsonPFN json;
  wsOnMessageCallbackRawPFN raw;
} wsOnMessageCallbackPFN;
typedef enum { WS_MESSAGE_CALLBACK_JSON, WS_MESSAGE_CALLBACK_RAW } wsOnMessageCallbackType;

/* Set to zero before the first use. Belongs to the library between wsInitClient and wsDeinitClient, but for the last member. */
struct wsClient {
  uint32_t guard;
  uint32_t live;
  void* connection;
  uint64_t unused[3];
  const char* username;          /* as long as the name is not changed, nor the client deinited */
  int32_t onMessageCallbackType; /* a wsOnMessageCallbackType */
  wsOnMessageCallbackPFN onMessageCallback;
  bool sendMessagefromTerminal; /* wsClientListen sends lines of the standard input, too */
};

/* Connects within 10 s and tells the name, if there is one. */
int32_t wsInitClient(wsClient* client, const char* ip, const char* port, const char* username);
/* Sends what was sent before, ends the connection, wakes who listens. */
int32_t wsDeinitClient(wsClient* client);

/* One frame with this text, which is JSON if the other end shall understand it. Frames leave 10 ms apart: the family's own server reads one
 * at a time, and loses what came with it. WS_ERROR also for text that is not UTF-8. */
int32_t wsSendMessage(wsClient* client, const char* message);
/* The same with the first `n` bytes, or fewer if a zero byte comes before. */
int32_t wsSendMessageN(wsClient* client, const char* message, size_t n);
int32_t wsSendJson(wsClient* client, wsJson* obj);
int32_t wsChangeUsername(wsClient* client, const char* username);

/* May be called before wsInitClient. */
int32_t wsSetOnMessageCallback(wsClient* client, wsOnMessageCallbackPFN functionPtr, int32_t type);
/* Waits up to 50 s for one message and hands it to the callback. WS_OK also when none came, and when a signal interrupted the wait. As in the
 * original, the standard input ends the wait as well, when it can be read or has ended: a line is sent if sendMessagefromTerminal is set, and
 * left unread otherwise, and then a message still has 10 ms to come. A JSON callback gets what a chat message holds even of text that is not
 * quite JSON; it is not called for what is no object at all. */
int32_t wsClientListen(wsClient* client);

#ifdef __cplusplus
}
#endif

#endif
