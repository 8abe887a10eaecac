"""The tables. Columns bear the API's own names, so that a field is mostly its column.

What the API's answers don't show: `users.external`, `conversations.notes`, `.submitterUserId`,
`.excludeAnalytics` and `.emailInboxId`, `messages.visible`, and the tables `delivered`
(what reached customers since the workspace was made), `slack_handles`, `counters` and `landmarks`.
"""

from __future__ import annotations

from typing import Final

APPLICATION_ID: Final = 0x554E5448
"""Marks a SQLite file as a sandbox; "UNTH"."""

VERSION: Final = 2
"""Raised with every change to the tables: a file of another version is refused."""

_MESSAGES: Final = """
    id TEXT PRIMARY KEY,
    conversationId TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    ts TEXT NOT NULL,
    threadTs TEXT,
    channelId TEXT,
    timestamp TEXT NOT NULL,
    text TEXT NOT NULL,
    htmlContent TEXT,
    userId TEXT,
    userTeamId TEXT,
    botId TEXT,
    botName TEXT,
    sentByUser TEXT,
    subtype TEXT,
    isPrivateNote INTEGER NOT NULL,
    isAutoresponse INTEGER NOT NULL,
    isExternal INTEGER NOT NULL,
    metadata TEXT,
    files TEXT,
    blocks TEXT,
    sourceType TEXT NOT NULL,
    visible INTEGER NOT NULL,
    UNIQUE (conversationId, ts)
"""

STATEMENTS: Final = (
    """CREATE TABLE customers (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    primarySupportAssigneeId TEXT,
    primarySupportAssigneeType TEXT,
    secondarySupportAssigneeId TEXT,
    secondarySupportAssigneeType TEXT,
    replyTimeoutMinutes INTEGER,
    defaultTriageChannelId TEXT,
    disableAutomatedTicketing INTEGER,
    botHandling TEXT,
    autoresponder TEXT,
    supportSteps TEXT,
    slackTeamId TEXT,
    assignToTaggedUserEnabled INTEGER,
    slackChannelId TEXT,
    emailDomains TEXT NOT NULL,
    customFields TEXT NOT NULL,
    externalCrmMetadata TEXT,
    createdAt TEXT NOT NULL,
    updatedAt TEXT NOT NULL
)""",
    "CREATE INDEX customers_by_name ON customers (name)",
    """CREATE TABLE users (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT,
    slackId TEXT,
    photo TEXT,
    phoneNumber TEXT,
    status TEXT,
    deleted INTEGER NOT NULL,
    backupUserId TEXT,
    awayUntil TEXT,
    slackTeamId TEXT,
    title TEXT,
    pronoun TEXT,
    department TEXT,
    createdAt TEXT NOT NULL,
    updatedAt TEXT NOT NULL,
    external INTEGER NOT NULL
)""",
    "CREATE INDEX users_by_email ON users (email)",
    "CREATE INDEX users_by_name ON users (name)",
    "CREATE TABLE slack_teams (id TEXT PRIMARY KEY, name TEXT NOT NULL, icon TEXT, own INTEGER NOT NULL)",
    """CREATE TABLE slack_channels (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    isShared INTEGER NOT NULL,
    isPrivate INTEGER NOT NULL,
    slackTeamId TEXT,
    archivedAt TEXT
)""",
    "CREATE TABLE tags (id TEXT PRIMARY KEY, name TEXT NOT NULL)",
    """CREATE TABLE customer_tags (
    customerId TEXT NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    tagId TEXT NOT NULL REFERENCES tags (id) ON DELETE CASCADE,
    PRIMARY KEY (customerId, tagId)
) WITHOUT ROWID""",
    "CREATE INDEX customers_by_tag ON customer_tags (tagId)",
    """CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    primarySupportAssigneeId TEXT,
    primarySupportAssigneeType TEXT,
    secondarySupportAssigneeId TEXT,
    secondarySupportAssigneeType TEXT,
    emailsAndDomains TEXT NOT NULL,
    slackChannelIds TEXT NOT NULL,
    slackTeamIds TEXT NOT NULL,
    customFields TEXT NOT NULL,
    supportSteps TEXT NOT NULL,
    imageUrl TEXT,
    externalCrmMetadata TEXT,
    createdAt TEXT NOT NULL,
    updatedAt TEXT NOT NULL,
    createdBy TEXT NOT NULL,
    updatedBy TEXT NOT NULL
)""",
    "CREATE INDEX accounts_by_name ON accounts (name)",
    """CREATE TABLE account_tags (
    accountId TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    tagId TEXT NOT NULL REFERENCES tags (id) ON DELETE CASCADE,
    PRIMARY KEY (accountId, tagId)
) WITHOUT ROWID""",
    "CREATE INDEX accounts_by_tag ON account_tags (tagId)",
    """CREATE TABLE ticket_types (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    projectId TEXT,
    description TEXT,
    fields TEXT NOT NULL,
    createdAt TEXT NOT NULL,
    updatedAt TEXT NOT NULL
)""",
    """CREATE TABLE conversations (
    id TEXT PRIMARY KEY,
    friendlyId INTEGER NOT NULL UNIQUE,
    sourceType TEXT NOT NULL,
    status TEXT NOT NULL,
    priority INTEGER,
    title TEXT,
    summary TEXT,
    category TEXT,
    sentiment TEXT,
    customerId TEXT REFERENCES customers (id) ON DELETE SET NULL,
    channelId TEXT,
    projectId TEXT,
    wasManuallyCreated INTEGER NOT NULL,
    assignedToUserId TEXT,
    submitterUserId TEXT,
    ticketTypeId TEXT REFERENCES ticket_types (id) ON DELETE SET NULL,
    ticketTypeFields TEXT NOT NULL,
    metadata TEXT NOT NULL,
    notes TEXT,
    emailInboxId TEXT,
    excludeAnalytics INTEGER NOT NULL,
    initialMessageId TEXT,
    latestMessageId TEXT,
    createdAt TEXT NOT NULL,
    updatedAt TEXT NOT NULL,
    lastActivityAt TEXT NOT NULL,
    statusUpdatedAt TEXT,
    closedAt TEXT,
    wakeUpAt TEXT,
    snoozedAt TEXT,
    lockedAt TEXT,
    responseTime INTEGER,
    responseTimeWorking INTEGER,
    resolutionTime INTEGER,
    resolutionTimeWorking INTEGER,
    waitingOnAgentTime INTEGER NOT NULL,
    waitingOnCustomerTime INTEGER NOT NULL
)""",
    "CREATE INDEX conversations_by_created ON conversations (createdAt, id)",
    "CREATE INDEX conversations_by_updated ON conversations (updatedAt, id)",
    "CREATE INDEX conversations_by_activity ON conversations (lastActivityAt, id)",
    "CREATE INDEX conversations_by_closed ON conversations (closedAt)",
    "CREATE INDEX conversations_by_status ON conversations (status, createdAt, id)",
    "CREATE INDEX conversations_by_customer ON conversations (customerId, createdAt, id)",
    "CREATE INDEX conversations_by_assignee ON conversations (assignedToUserId, createdAt, id)",
    """CREATE TABLE conversation_tags (
    conversationId TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    tagId TEXT NOT NULL REFERENCES tags (id) ON DELETE CASCADE,
    PRIMARY KEY (conversationId, tagId)
) WITHOUT ROWID""",
    "CREATE INDEX conversations_by_tag ON conversation_tags (tagId)",
    """CREATE TABLE followers (
    conversationId TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    entityId TEXT NOT NULL,
    entityType TEXT NOT NULL,
    PRIMARY KEY (conversationId, entityId)
) WITHOUT ROWID""",
    "CREATE TABLE user_groups (id TEXT PRIMARY KEY, name TEXT NOT NULL, slackId TEXT)",
    "CREATE TABLE slack_handles (userId TEXT PRIMARY KEY, handle TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE collaborator_types (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    description TEXT
)""",
    """CREATE TABLE approval_requests (
    id TEXT PRIMARY KEY,
    tenantId TEXT NOT NULL,
    conversationId TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    status TEXT NOT NULL,
    title TEXT,
    notes TEXT,
    assignedToUserId TEXT,
    assignedToGroupId TEXT,
    statusChangedAt TEXT,
    createdAt TEXT NOT NULL
)""",
    "CREATE INDEX approval_requests_by_conversation ON approval_requests (conversationId, createdAt, id)",
    """CREATE TABLE automations (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    description TEXT,
    status TEXT NOT NULL,
    trigger TEXT NOT NULL,
    steps TEXT NOT NULL,
    conditions TEXT,
    createdAt TEXT NOT NULL,
    updatedAt TEXT NOT NULL
)""",
    """CREATE TABLE collaborators (
    conversationId TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    collaboratorTypeId TEXT NOT NULL REFERENCES collaborator_types (id) ON DELETE CASCADE,
    entityId TEXT NOT NULL,
    entityType TEXT NOT NULL,
    PRIMARY KEY (conversationId, collaboratorTypeId)
) WITHOUT ROWID""",
    """CREATE TABLE files (
    id TEXT PRIMARY KEY,
    conversationId TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    content BLOB NOT NULL,
    mimetype TEXT NOT NULL,
    readyAt TEXT NOT NULL
)""",
    f"CREATE TABLE messages ({_MESSAGES})",
    f"CREATE TABLE triage_messages ({_MESSAGES})",
    """CREATE TABLE articles (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    content TEXT NOT NULL,
    url TEXT,
    status TEXT NOT NULL,
    userGroupIds TEXT NOT NULL,
    createdAt TEXT NOT NULL,
    updatedAt TEXT NOT NULL
)""",
    """CREATE VIRTUAL TABLE article_words USING fts5 (
    title, content, content = 'articles', content_rowid = 'number', tokenize = 'porter unicode61 remove_diacritics 2'
)""",
    """CREATE TRIGGER article_added AFTER INSERT ON articles BEGIN
    INSERT INTO article_words (rowid, title, content) VALUES (new.number, new.title, new.content);
END""",
    """CREATE TRIGGER article_removed AFTER DELETE ON articles BEGIN
    INSERT INTO article_words (article_words, rowid, title, content)
    VALUES ('delete', old.number, old.title, old.content);
END""",
    """CREATE TRIGGER article_changed AFTER UPDATE ON articles BEGIN
    INSERT INTO article_words (article_words, rowid, title, content)
    VALUES ('delete', old.number, old.title, old.content);
    INSERT INTO article_words (rowid, title, content) VALUES (new.number, new.title, new.content);
END""",
    """CREATE TABLE outbounds (
    id TEXT PRIMARY KEY,
    status TEXT NOT NULL,
    deliveryMethod TEXT NOT NULL,
    subject TEXT NOT NULL,
    blocks TEXT NOT NULL,
    recipients TEXT NOT NULL,
    sendAs TEXT NOT NULL,
    runAt TEXT
)""",
    """CREATE TABLE webhooks (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    url TEXT NOT NULL,
    enabled INTEGER NOT NULL
)""",
    """CREATE TABLE delivered (
    number INTEGER PRIMARY KEY,
    conversationId TEXT NOT NULL,
    messageId TEXT NOT NULL,
    ts TEXT NOT NULL,
    channel TEXT NOT NULL,
    recipient TEXT,
    via TEXT NOT NULL,
    text TEXT NOT NULL,
    at TEXT NOT NULL
)""",
    "CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE landmarks (name TEXT PRIMARY KEY, conversationId TEXT NOT NULL) WITHOUT ROWID",
)
