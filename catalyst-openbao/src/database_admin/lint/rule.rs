//! The rules.

use std::fmt;

use super::Severity;

macro_rules! rules {
    ($($(#[doc = $docs:literal])+ $rule:ident, $name:literal, $severity:ident, $help:literal;)*) => {
        /// One rule. Those that are refused can be [allowed](crate::database_admin::DatabaseRole::allow), where there is a
        /// reason to.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Rule {
            $($(#[doc = $docs])+ $rule,)*
        }

        impl Rule {
            /// All of them.
            #[cfg(test)]
            pub(super) const ALL: &[Self] = &[$(Self::$rule),*];

            /// As it is called in texts: `sessions_stay_open`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$rule => $name,)* }
            }

            /// Whether breaking it is refused.
            pub fn severity(self) -> Severity {
                match self { $(Self::$rule => Severity::$severity,)* }
            }

            /// What to do.
            pub fn help(self) -> &'static str {
                match self { $(Self::$rule => $help,)* }
            }
        }
    };
}

rules! {
    /// There are no statements that make a user.
    NoCreation, "no_creation", Error, "write how a user is made; without it nobody gets one";
    /// A user is made whose name is not the one that the server gave out.
    NameMissing, "name_missing", Error, "name the user {{name}}; the server gives out no other name";
    /// A user is made, or changed, whose password is not the one that the server gave out.
    PasswordMissing, "password_missing", Error, "set the password '{{password}}'; the server gives out no other one";
    /// A placeholder stands outside of quotes, or inside the wrong ones.
    UnquotedPlaceholder, "unquoted_placeholder", Error,
        "quote it: \"{{name}}\" or '{{name}}', and always '{{password}}' and '{{expiration}}'; names have dashes in them";
    /// A placeholder that the server does not replace here.
    UnknownPlaceholder, "unknown_placeholder", Error,
        "the server replaces {{name}} and {{username}}, {{password}} where one is made or changed, and {{expiration}} where \
         there is one; without spaces";
    /// A password is written out.
    PasswordInClear, "password_in_clear", Error, "write '{{password}}'; what stands in a role can be read by its readers";
    /// A quotation, a comment or a body does not end.
    Unterminated, "unterminated", Error, "end what was begun: a quotation, a comment, a $$ body";
    /// The server cuts statements at semicolons, also at this one, which is no end.
    CutBySemicolon, "cut_by_semicolon", Error,
        "the server cuts at every semicolon, inside of quotes too; on PostgreSQL a statement for making or dropping users is \
         left whole if it has the word END in it; elsewhere, do without";
    /// A user outlives its lease when it cannot be dropped.
    NoExpiration, "no_expiration", Error, "add VALID UNTIL '{{expiration}}': it locks out a user that could not be dropped";
    /// A user may do what none that is made on demand should.
    Privileged, "privileged", Error, "leave out rights over the server itself and over other users";
    /// A user gets rights on objects in its own name.
    ObjectGrants, "object_grants", Error,
        "make the user a member of a role that has the rights (IN ROLE): rights of its own stand in the way when it is dropped";
    /// A user may pass its rights on.
    GrantOption, "grant_option", Error, "leave out GRANT OPTION and ADMIN OPTION: users that were given rights outlive this one";
    /// A user gets rights on all databases.
    GlobalGrants, "global_grants", Error, "grant on one database (app.*), not on *.*";
    /// A user may do nothing.
    NoRights, "no_rights", Warning, "give it rights: membership in a role, grants on a database, categories of commands";
    /// Users end as the plugin has it by default.
    ServerRevocation, "server_revocation", Error,
        "write how a user is dropped: the default leaves its open sessions alone and fails where it owns anything, or is gone";
    /// Open sessions go on when their user is dropped.
    SessionsStayOpen, "sessions_stay_open", Error,
        "end them: pg_terminate_backend on PostgreSQL, KILL CONNECTION USER on MariaDB, a procedure on MySQL";
    /// A user that owns anything cannot be dropped, or is dropped with it.
    OwnedObjects, "owned_objects", Error,
        "REASSIGN OWNED BY the user to a role that stays, then DROP OWNED BY it, then drop it, in this order";
    /// A user is never dropped.
    NotDropped, "not_dropped", Error, "drop the user: it could log in again until it expires, and its name stays";
    /// Dropping a user that is gone fails, and the server tries it again for ever.
    DropNotRepeatable, "drop_not_repeatable", Error, "say IF EXISTS, or look whether the user is there before";
    /// A user is made at one host and dropped at another.
    OtherHost, "other_host", Error, "name the same host where it is made and dropped: '{{name}}'@'%' is one user, '{{name}}'@'db' another";
    /// A user without a host.
    NoHost, "no_host", Warning, "say from where it may come: '{{name}}'@'%' is from anywhere, and what is meant without it";
    /// The plugin does not run statements for this.
    Ignored, "ignored", Warning, "leave them out: the plugin for this database does not run them";
    /// A user of Valkey may touch all keys.
    AllKeys, "all_keys", Warning, "name patterns of keys, such as ~orders:*; without statements the server gives ~* and +@read";
    /// A user of Valkey may run all commands.
    AllCommands, "all_commands", Error, "name categories of commands, such as +@read and +@write, without +@dangerous";
    /// What Valkey would refuse as a rule.
    MalformedRules, "malformed_rules", Error,
        "write one rule in each statement, or all of them as one JSON list of strings in a single statement";
    /// The connection that the role names is not there.
    UnknownConnection, "unknown_connection", Error, "configure the connection before its roles, or correct its name";
    /// The connection does not list the role; the server accepts it, and refuses to make users.
    NotAmongAllowed, "not_among_allowed", Warning, "add the role to allowed_roles of its connection";
    /// The statements are said to be in another language than that of the connection's database.
    OtherLanguage, "other_language", Error, "take the template for this database";
    /// The term is longer than its maximum; the server accepts it, and cuts it.
    TermTooLong, "term_too_long", Warning, "let default_ttl be at most max_ttl";
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
